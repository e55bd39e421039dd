"""What is loaded at the start is no longer looked through."""

import gc

from bot.memory import keep_what_is_loaded


def test_what_is_loaded_is_kept_out_of_the_collector_s_rounds():
    kept = [object() for _ in range(10)]
    try:
        keep_what_is_loaded()
        assert gc.get_freeze_count() > 1000
        assert all(each is not kept for each in gc.get_objects())
    finally:
        gc.unfreeze()
