"""The control API under `/sandbox/`: what tests and the page do and ask.

```
routes     all paths, and refusals as problems
|-- acting      persons: users say tap block deactivate
|-- grouping    groups: chats topics members bot migrate privacy
|-- troubling   faults limits clock duplicate hold release reorder
'-- looking     state answers wait transcript journal export
fields     reading what was sent, with plain words if it is wrong
```
"""
