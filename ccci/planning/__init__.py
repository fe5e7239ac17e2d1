"""What a deploy would do: COMMAND speaks to a recording Engine, which lets nothing be written."""
