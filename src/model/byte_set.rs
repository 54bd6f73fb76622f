//! A set of byte values: what a position of a pattern may hold, or what a run is made of.

/// A set of byte values, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// The set that holds nothing.
    pub const EMPTY: ByteSet = ByteSet([0; 4]);

    /// Every byte.
    pub const ALL: ByteSet = ByteSet([u64::MAX; 4]);

    /// ASCII digits.
    pub const DIGITS: ByteSet = ByteSet::EMPTY.with_range(b'0', b'9');

    /// ASCII letters.
    pub const LETTERS: ByteSet = ByteSet::EMPTY.with_range(b'A', b'Z').with_range(b'a', b'z');

    /// ASCII letters and digits.
    pub const ALNUM: ByteSet =
        ByteSet::EMPTY.with_range(b'0', b'9').with_range(b'A', b'Z').with_range(b'a', b'z');

    /// The characters that tokens are made of: letters, digits and `_-.+/~`.
    pub const TOKEN: ByteSet =
        ByteSet::ALNUM.with(b'_').with(b'-').with(b'.').with(b'+').with(b'/').with(b'~');

    /// This set and one byte more.
    pub const fn with(mut self, byte: u8) -> ByteSet {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    /// This set and every byte from `first` to `last`, both included.
    pub const fn with_range(mut self, first: u8, last: u8) -> ByteSet {
        let mut byte = first;
        loop {
            self = self.with(byte);
            if byte >= last {
                return self;
            }
            byte += 1;
        }
    }

    /// Whether `byte` is in the set.
    #[inline]
    pub const fn contains(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// What stands in either set.
    pub fn union(self, other: ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// Whether every byte of this set is in `other`.
    pub fn is_subset(self, other: ByteSet) -> bool {
        (0..4).all(|i| self.0[i] & !other.0[i] == 0)
    }

    /// Whether some byte is in both sets.
    pub fn meets(self, other: ByteSet) -> bool {
        (0..4).any(|i| self.0[i] & other.0[i] != 0)
    }

    /// How many bytes are in the set.
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the set holds nothing.
    pub fn is_empty(self) -> bool {
        self == ByteSet::EMPTY
    }

    /// The bytes of the set in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        self.0.into_iter().zip((0..=u8::MAX).step_by(64)).flat_map(|(mut word, first)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as u8)?;
                word &= word - 1;
                Some(first + bit)
            })
        })
    }
}

impl FromIterator<u8> for ByteSet {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> ByteSet {
        bytes.into_iter().fold(ByteSet::EMPTY, ByteSet::with)
    }
}

impl std::fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.iter().flat_map(std::ascii::escape_default).map(char::from).collect();
        write!(f, "[{text}]")
    }
}
