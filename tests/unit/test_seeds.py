"""Seeds depend on what they are for; blocks of seeds are stable."""

from shiftpress.core.seeds import STRIDE, blocks, blocks_of_copies, seed_for, seeds_of


def test_a_seed_depends_on_its_key_alone():
    assert seed_for(0, "a") == seed_for(0, "a") == 739273521946992771
    assert len({seed_for(0, "a"), seed_for(1, "a"), seed_for(0, "b"), seed_for("0", "a")}) == 4


def test_blocks_cover_the_seeds_once():
    for size in range(1, 8):
        labels = blocks([9, 0, 1, 2, 3, 4, 7], size)
        assert [seed for label in labels for seed in seeds_of(label)] == [0, 1, 2, 3, 4, 7, 9]
        assert all(len(seeds_of(label)) <= size for label in labels)


def test_adding_a_seed_changes_at_most_one_block():
    before, after = blocks(list(range(5)), 3), blocks(list(range(6)), 3)
    assert before == ["0-2", "3-4"] and after == ["0-2", "3-5"]
    assert blocks([0, 1, 2], 3) + ["3"] == blocks([0, 1, 2, 3], 3)


def test_copies_have_seeds_of_their_own_and_the_first_is_the_blocks():
    for size in range(1, 5):
        labels = blocks_of_copies("3-5", 4, size)
        assert labels[0] == "3-5" and len(labels) == 1 + len(blocks([1, 2, 3], size))
        found = [seed for label in labels for seed in seeds_of(label)]
        assert found == [seed + STRIDE * copy for copy in range(4) for seed in (3, 4, 5)]
    assert blocks_of_copies("7", 1, 3) == ["7"] and seeds_of("7x2") == [7 + 2 * STRIDE]


def test_seeds_of_copies_are_no_run_seeds(params):
    assert all(seed < STRIDE for seed in params.run.seeds)
