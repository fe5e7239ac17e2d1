#!/bin/sh
# What the action runs: ccci in an environment of its own, with the options as variables.
# CCCI_ACTION is the folder of ccci, CCCI_PLACE where the environment is made, CCCI_OPTIONS holds
# lines NAME=value.
set -eu
python3 -m venv "$CCCI_PLACE"
"$CCCI_PLACE/bin/python" -m pip install --quiet --disable-pip-version-check "$CCCI_ACTION"
options=$CCCI_OPTIONS place=$CCCI_PLACE
unset CCCI_ACTION CCCI_PLACE CCCI_OPTIONS
while IFS= read -r line; do
    case $line in
        CCCI_[A-Z]*=*) export "${line%%=*}=${line#*=}" ;;
        "") ;;
        *) echo "Error: options: '$line' is no CCCI_OPTION=value" >&2; exit 2 ;;
    esac
done <<END
$options
END
exec "$place/bin/ccci-plugin"
