"""The use cases: read, decide by the rules of core, write once.

intake       a provider's signal comes in, or is withdrawn
prompting    a signal becomes one prompt per person and account
offering     what a trade would cost now, or what stands in its way
deciding     a tap becomes a decision, and a decision an order
executing    an order is sent once, and its outcome recorded
resolving    an outcome that is unknown is looked up, never sent again
watching     one look at an account: reconcile, judge, act
closing      a fired guard flattens its account and proves it
aiming       closes and withdrawals, one at a time for each ticket
people       providers, and whom the signals of each reach
joining      people come, agree and go
commanding   what admins and owners order
"""
