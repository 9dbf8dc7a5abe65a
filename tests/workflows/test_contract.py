from workflows import contract


def test_every_project_has_a_schedule_of_its_own() -> None:
    similar = ("acme-ml/serving", "acme/ml-serving", "acme/ml/serving", "ACME/ml-serving")
    assert len({contract.sync_schedule("github", project) for project in similar}) == len(similar)
