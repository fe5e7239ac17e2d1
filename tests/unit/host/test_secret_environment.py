"""What of the environment that ccci runs in is secret."""

from ccci.host.secret_values import of_environment


def test_of_our_own_environment_a_name_gives_a_secret_away_and_a_path_is_none() -> None:
    ours = {
        "PWD": "/srv/recipes/shop",
        "OLDPWD": "/srv",
        "SSH_AUTH_SOCK": "/tmp/ssh-Xa81kq0zPLm2/agent.4711",
        "DRONE_COMMIT_SHA": "7ae7b0f7aa12",
        "REGISTRY_PASSWORD": "hunter2-hunter2",
        "FORGE": "https://ci:s3cr3t-of-ci@forge.example.com",
    }
    assert of_environment(ours) == {"hunter2-hunter2", "s3cr3t-of-ci"}
