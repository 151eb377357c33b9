#!/bin/sh
# Stands for the deployment of the cloud service: iotctl gives the version in the environment.
set -eu
mkdir -p .iotctl
printf '{"version":"%s"}\n' "$IOTCTL_VERSION" > .iotctl/cloud.json.new
mv .iotctl/cloud.json.new .iotctl/cloud.json
