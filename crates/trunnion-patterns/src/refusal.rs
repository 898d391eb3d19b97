//! What is said of values that cannot be, also while compiling, where `format!` does not run.

/// A text that grows in place.
pub(crate) struct Refusal {
    bytes: [u8; 128],
    len: usize,
}

impl Refusal {
    pub(crate) const fn new(start: &str) -> Self {
        let empty = Self {
            bytes: [0; 128],
            len: 0,
        };
        empty.text(start)
    }

    pub(crate) const fn text(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.push(bytes[at]);
            at += 1;
        }
        self
    }

    pub(crate) const fn number(self, number: u64) -> Self {
        let mut digits = 1;
        let mut rest = number / 10;
        while rest > 0 {
            digits += 1;
            rest /= 10;
        }
        self.digits(number, digits)
    }

    /// Writes the last so many digits of a number.
    pub(crate) const fn digits(mut self, number: u64, digits: u32) -> Self {
        let mut place = digits;
        while place > 0 {
            place -= 1;
            let digit = number / 10_u64.pow(place) % 10;
            self.push(b"0123456789"[digit as usize]);
        }
        self
    }

    /// Cuts what does not fit: no text here is that long.
    const fn push(&mut self, byte: u8) {
        if self.len < self.bytes.len() {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
    }

    #[track_caller]
    pub(crate) const fn raise(&self) -> ! {
        let (text, _) = self.bytes.split_at(self.len);
        match core::str::from_utf8(text) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("a value was refused"),
        }
    }
}
