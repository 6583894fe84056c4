"""Show: what a terminal shows of a run."""

from __future__ import annotations

from seedbed.cli.show import Live
from seedbed.context.progress import News


def test_a_step_has_one_bar_however_many_chunks_it_tells_of_and_it_ends() -> None:
    with Live() as live:
        for rows in (10, 20, 30):
            live.hear(News("shop.orders", "running", rows, 40))
            live.hear(News("shop.items", "running", rows))
        orders, items = live._progress.tasks
        assert (orders.completed, orders.total) == (30, 40)
        assert (items.completed, items.total) == (30, None)
        live.hear(News("shop.orders", "done", said="+40 rows"))
        assert [task.description for task in live._progress.tasks] == ["shop.items"]
