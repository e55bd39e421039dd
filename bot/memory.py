"""The garbage collector, told once what will stay."""

import gc


def keep_what_is_loaded() -> None:
    """Let the collector look only at what is made from now on.

    Looking at all that the libraries have loaded takes a tenth of a second, in which
    nothing else happens: no answer, and no look of the guard.
    """
    gc.collect()
    gc.freeze()
