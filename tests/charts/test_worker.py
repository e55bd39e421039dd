"""What a drawing process does with its input."""

from io import BytesIO

from charts.drawing import decode, draw
from charts.easel import Easel
from charts.frames import read_frame, write_frame
from charts.style import Theme
from charts.worker import WARM_UP, serve
from tests.charts.samples import chart, picture


def test_a_worker_says_it_is_ready_and_answers_until_its_input_ends():
    asked = [picture(), picture(chart(stop_loss=None), theme=Theme.DARK)]
    requests, answers = BytesIO(), BytesIO()
    for each in asked:
        write_frame(requests, each.encode())
    requests.seek(0)
    serve(requests, answers)
    answers.seek(0)
    expected = [draw(decode(each.encode()), Easel()) for each in asked]
    assert [read_frame(answers) for _ in range(4)] == [b"", *expected, None]


def test_the_first_picture_has_everything_that_later_ones_may_have():
    assert WARM_UP.shown > max(WARM_UP.moving_averages)
    assert any(WARM_UP.volumes)
    assert None not in (WARM_UP.stop_loss, WARM_UP.take_profit)
