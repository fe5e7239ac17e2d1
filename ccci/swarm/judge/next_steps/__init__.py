"""One next step for one failure, one level below its cause. Pure text."""
