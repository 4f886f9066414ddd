//! Soundex: a letter and three digits for what a name sounds like.

/// The code of a word, or nothing if it does not begin with a Latin letter.
pub(crate) fn soundex(word: &str) -> Option<[u8; 4]> {
    let mut letters = word.bytes().filter(u8::is_ascii_alphabetic);
    if !word.bytes().next()?.is_ascii_alphabetic() {
        return None;
    }
    let first = letters.next()?.to_ascii_lowercase();
    let mut code = [first, b'0', b'0', b'0'];
    let mut length = 1;
    let mut last = digit(first);
    for letter in letters {
        let letter = letter.to_ascii_lowercase();
        let found = digit(letter);
        if found != b'0' && found != last {
            code[length] = found;
            length += 1;
            if length == code.len() {
                break;
            }
        }
        // `h` and `w` between two letters of one sound do not part them.
        if !matches!(letter, b'h' | b'w') {
            last = found;
        }
    }
    Some(code)
}

fn digit(letter: u8) -> u8 {
    match letter {
        b'b' | b'f' | b'p' | b'v' => b'1',
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => b'2',
        b'd' | b't' => b'3',
        b'l' => b'4',
        b'm' | b'n' => b'5',
        b'r' => b'6',
        _ => b'0',
    }
}
