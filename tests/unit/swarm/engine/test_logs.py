from ccci.swarm.engine.logs import lines


def frame(stream: int, text: str) -> bytes:
    data = text.encode()
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def test_frames_of_both_streams_become_lines_in_their_order() -> None:
    raw = frame(1, "one\ntw") + frame(1, "o\n") + frame(2, "three\r\n\n")
    assert lines(raw) == ("one", "two", "three")


def test_a_terminals_log_has_no_frames() -> None:
    assert lines(b"plain\r\ntext\r\n") == ("plain", "text")
    assert lines(b"x") == ("x",)
    assert lines(b"") == ()


def test_only_the_last_lines_are_kept() -> None:
    raw = b"".join(frame(1, f"{number}\n") for number in range(9))
    assert lines(raw, tail=2) == ("7", "8")


def test_what_is_cut_off_or_no_text_is_read_as_far_as_it_goes() -> None:
    assert lines(frame(1, "whole\n") + frame(1, "cut off")[:-4]) == ("whole", "cut")
    assert lines(frame(1, "whole\n") + b"\x01\x00") == ("whole",)
    assert lines(b"\xff\xfe text") == ("\ufffd\ufffd text",)


def test_what_a_line_does_to_a_terminal_is_gone_before_secrets_are_looked_for() -> None:
    assert lines(b"disk\rprogress\nhunt\x1b[0mer22\n") == ("disk progress", "hunter22")
