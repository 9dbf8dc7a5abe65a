import pytest

# Other rooms take the contract from here for trackers of their own; its asserts should say as much there.
pytest.register_assert_rewrite("tests.integrations.tracker_contract")
