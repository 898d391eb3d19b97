//! Lines as `sha256sum` writes and checks them.

use std::path::Path;

use super::hash::Sum;

/// Writes the line of one file, with its end: the sum, two spaces, and the bytes of the name.
///
/// A name with a backslash, a line feed or a carriage return has these escaped, and the line begins with a backslash.
///
/// ```
/// use trunnion_examples::digest::{hash::Sum, line::line};
///
/// let sum = Sum { path: "a\nb".into(), bytes: 0, sha256: [0xab; 32] };
/// let expected = format!("\\{}  a\\nb\n", "ab".repeat(32));
/// assert_eq!(line(&sum), expected.as_bytes());
/// ```
#[must_use]
pub fn line(sum: &Sum) -> Vec<u8> {
    let name = sum.path.as_os_str().as_encoded_bytes();
    let escape = name.iter().any(|byte| escaped(*byte).is_some());
    let mut line = Vec::with_capacity(name.len() + 68);
    if escape {
        line.push(b'\\');
    }
    line.extend(sum.sha256.iter().flat_map(|byte| hex(*byte)));
    line.extend(b"  ");
    for byte in name {
        match escaped(*byte) {
            Some(letter) => line.extend([b'\\', letter]),
            None => line.push(*byte),
        }
    }
    line.push(b'\n');
    line
}

/// Keeps `sha256sum -c` from taking a file called `-` for its standard input.
#[must_use]
pub fn unambiguous(root: &Path) -> &Path {
    if root == Path::new("-") {
        Path::new("./-")
    } else {
        root
    }
}

const fn escaped(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

fn hex(byte: u8) -> [u8; 2] {
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
    [digit(byte >> 4), digit(byte & 15)]
}
