"""What makes a shell ask ccci for the words that may stand at the cursor. Pure.

ccci answers with one line that says of what kind they are (`words`, `files`, or `command` where
another program's words stand) and one line for each word.
"""

import re
from collections.abc import Callable, Sequence

from ccci.commandline.completing import Candidate, Place
from ccci.commandline.declared import Completes
from ccci.host.sanitizer import line as one_line

VARIABLE = "_CCCI_COMPLETE"
BREAKS = "_CCCI_WORDBREAKS"
_HARMLESS = re.compile(r"[\w./:@=+,~-]+")
"""A word that no shell takes for more than a word: bash puts it on the line as it is."""

_BASH = """\
# ccci in bash: eval "$(ccci completion bash)"
_ccci() {
    local line kind='' at
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
    done < <(_CCCI_COMPLETE=bash _CCCI_WORDBREAKS="$COMP_WORDBREAKS" \\
        "$1" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    case $kind in
        files) compopt -o default -o filenames 2>/dev/null ;;
        command)
            for ((at = 1; at < COMP_CWORD; at++)); do
                [[ ${COMP_WORDS[at]} == -- ]] && break
            done
            if ((at + 1 == COMP_CWORD)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$2" | sort -u)
            elif declare -F _command_offset >/dev/null; then
                _command_offset $((at + 1))
            else
                compopt -o default 2>/dev/null
            fi
            ;;
    esac
}
complete -F _ccci ccci
"""

_ZSH = """\
#compdef ccci
# ccci in zsh: eval "$(ccci completion zsh)" behind compinit, or a file _ccci in $fpath
_ccci() {
    local -a lines found
    local at
    lines=("${(@f)$(_CCCI_COMPLETE=zsh $words[1] "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    case $lines[1] in
        files)
            [[ $words[CURRENT] == --*=* ]] && compset -P '*='
            _files
            ;;
        command)
            at=${words[(i)--]}
            shift $at words
            (( CURRENT -= at ))
            _normal
            ;;
        *)
            found=("${(@)lines[2,-1]}")
            (( $#found )) && _describe -V ccci found
            ;;
    esac
}
if [[ $funcstack[1] == _ccci ]]; then _ccci "$@"; else compdef _ccci ccci; fi
"""

_FISH = """\
# ccci in fish: ccci completion fish > ~/.config/fish/completions/ccci.fish
function __ccci_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (_CCCI_COMPLETE=fish $words[1] $words[2..] "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            set -l option (string match -r '^--[^=]*=' -- $current)
            for path in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- $current))
                echo "$option$path"
            end
        case command
            if test "$words[-1]" = --
                __fish_complete_command
            else
                __fish_complete_path $current
            end
        case '*'
            printf '%s\\n' $lines[2..]
    end
end
complete -c ccci -f -a '(__ccci_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def _for_bash(place: Place, found: Sequence[Candidate], breaks: str) -> list[str]:
    """Return the words without what stands before the last break: bash keeps that itself."""
    whole = place.prefix + place.typed
    cut = max((whole.rfind(each) + 1 for each in breaks if each in "=:"), default=0)
    return [(place.prefix + each.word)[cut:] for each in found]


def _for_zsh(place: Place, found: Sequence[Candidate], breaks: str) -> list[str]:  # noqa: ARG001
    """Return `word:meaning`; a colon of the word itself is escaped."""
    words = [(place.prefix + each.word).replace(":", "\\:") for each in found]
    return [
        f"{word}:{each.meaning}" if each.meaning else word
        for word, each in zip(words, found, strict=True)
    ]


def _for_fish(place: Place, found: Sequence[Candidate], breaks: str) -> list[str]:  # noqa: ARG001
    return [f"{place.prefix}{each.word}\t{each.meaning}".rstrip("\t") for each in found]


_FORMS: dict[str, Callable[[Place, Sequence[Candidate], str], list[str]]] = {
    "bash": _for_bash,
    "zsh": _for_zsh,
    "fish": _for_fish,
}


def answer(shell: str, place: Place, found: Sequence[Candidate], breaks: str = "") -> list[str]:
    """Return the lines that the shell's script reads; `breaks` are bash's COMP_WORDBREAKS.

    A word that would mean something to a shell (a branch's name may be anybody's) is left out.
    """
    found = [
        Candidate(each.word, one_line(each.meaning))
        for each in found
        if _HARMLESS.fullmatch(each.word) and one_line(each.word) == each.word
    ]
    if place.wanted is Completes.COMMANDS:
        return ["command"]
    if place.wanted is Completes.FILES and not found:
        return ["files"]
    return ["words", *_FORMS[shell](place, found, breaks)]
