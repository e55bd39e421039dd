"""The database's shape, revision by revision.

``upgrade`` and its neighbours run Alembic inside a running event loop; ``env``
serves them and the ``alembic`` command that writes new revisions.
"""

from migrations.runner import current_revision, downgrade, head_revision, upgrade

__all__ = ["current_revision", "downgrade", "head_revision", "upgrade"]
