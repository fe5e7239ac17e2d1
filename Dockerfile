# ccci with git, curl and the docker CLI, for a laptop, for the docker runners of a CI, and as a
# plugin of Drone and Woodpecker. From the repository's root:
#   docker build -t registry.example.com/ccci .
#   docker run --rm -v /var/run/docker.sock:/var/run/docker.sock registry.example.com/ccci doctor
FROM python:3.13-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl docker.io git openssh-client \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir /src && rm -r /src
ENTRYPOINT ["ccci-plugin"]
