"""What a pull request forgot: the slips between two commits of a recipe, from git alone.

An existing app is what counts. It keeps the `.env` that the older `.env.sample` gave it, and with
it its COMPOSE_FILE and the versions of its secrets; files and `abra.sh` are the newer commit's.
Nothing is said of what both commits share.
"""
