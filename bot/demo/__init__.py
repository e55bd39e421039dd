"""Everything on this machine: sandbox Telegram, paper broker, a demo provider.

house    the configuration of the demo and its one process
hands    what a person and a market do, over HTTP only
show     signals now and then, for somebody who tries it by hand
story    the whole story, played and checked step by step
"""
