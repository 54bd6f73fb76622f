//! Places where one of several texts may stand, told by four bytes of each.
//!
//! Nibble look-up as in Teddy, the algorithm of Hyperscan (Wang et al., "Hyperscan: A Fast Multi-pattern
//! Regex Matcher for Modern CPUs", NSDI 2019): texts are spread over buckets, and a place is of interest when
//! some bucket has all four bytes. Eight buckets are looked up at once, and one such group after the other. Four bytes where Teddy mostly takes three keep common
//! words apart. Letters count in either case.
//!
//! Contract: a place may be told in vain, none is left out.

use super::{Vector, bits, padded};

/// Four bytes of a text; `None` stands for any.
type Fingerprint = [Option<u8>; 4];

/// How many buckets there are in a group.
const BUCKETS: usize = 8;

/// How many groups there are: a bucket with half as many texts has far less than half as many places.
const GROUPS: usize = 4;

/// Fingerprints in their buckets.
pub(crate) struct Fingerprints {
    groups: [Group; GROUPS],
    buckets: [Bucket; GROUPS * BUCKETS],
    /// How often a text has each byte, by its upper and its lower half.
    frequencies: [[f32; 16]; 16],
}

/// Buckets as they are looked up.
#[derive(Clone, Copy, Default)]
struct Group {
    /// For each of the four bytes, by its lower half, the buckets that have such a byte there.
    low: [[u8; 16]; 4],
    /// The same by the upper half.
    high: [[u8; 16]; 4],
}

/// What is in one bucket, for each of the four bytes.
#[derive(Clone, Copy, Default)]
struct Bucket {
    places: [Place; 4],
}

/// Which bytes may stand at one place.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Their lower halves, one bit each.
    low: u16,
    /// Their upper halves.
    high: u16,
    /// How likely a byte of a text has such halves.
    chance: f32,
}

/// Bytes that are read for the places of one block.
const REACH: usize = 64 + 3;

/// How many blocks are looked at together: many small files are not much longer.
const TOGETHER: usize = 16;

/// The most bytes that are looked at together, up to the next multiple of 32.
const HALVES: usize = 64 * TOGETHER + 32;

/// The lower and the upper halves of bytes: all groups ask for them, and for each at four places.
struct Halves {
    lower: [u8; HALVES],
    upper: [u8; HALVES],
}

impl Default for Halves {
    fn default() -> Halves {
        Halves { lower: [0; HALVES], upper: [0; HALVES] }
    }
}

/// The fingerprint of a text that begins like this.
fn fingerprint(text: &[u8]) -> Fingerprint {
    std::array::from_fn(|at| text.get(at).copied())
}

impl Fingerprints {
    /// Texts of four bytes, or less where one has no more; those that stand most often come first. `frequency` tells
    /// about which share of the bytes of a text is this one.
    pub(crate) fn of(texts: &[&[u8]], frequency: fn(u8) -> f32) -> Fingerprints {
        let mut fingerprints = Fingerprints::none(frequency);
        texts.iter().for_each(|text| fingerprints.add(text));
        fingerprints
    }

    fn none(frequency: fn(u8) -> f32) -> Fingerprints {
        let by_half = |upper: usize| std::array::from_fn(|lower| frequency((upper << 4 | lower) as u8));
        Fingerprints {
            groups: [Group::default(); GROUPS],
            buckets: [Bucket::default(); GROUPS * BUCKETS],
            frequencies: std::array::from_fn(by_half),
        }
    }

    /// Takes a text into the bucket where it makes the fewest places more be of interest.
    fn add(&mut self, text: &[u8]) {
        let with = |bucket: &Bucket| bucket.with(fingerprint(text), &self.frequencies);
        let more = |bucket: &Bucket| with(bucket).chance() - bucket.chance();
        let least = self.buckets.iter().map(more).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let number = least.map_or(0, |(number, _)| number);
        self.buckets[number] = with(&self.buckets[number]);
        let group = &mut self.groups[number / BUCKETS];
        for (place, Place { low, high, .. }) in self.buckets[number].places.iter().enumerate() {
            for half in 0..16 {
                group.low[place][half] |= ((low >> half & 1) as u8) << (number % BUCKETS);
                group.high[place][half] |= ((high >> half & 1) as u8) << (number % BUCKETS);
            }
        }
    }

    /// Calls `each` with the places of interest whose four bytes `may_be`, and these bytes. All places lie within the
    /// text; past its end stand zeros, which some bucket may have as well.
    #[inline]
    pub(crate) fn for_each(
        &self,
        vector: Vector,
        text: &[u8],
        may_be: impl Fn([u8; 4]) -> bool,
        mut each: impl FnMut(usize, [u8; 4]),
    ) {
        let (mut places, mut halves) = ([0; TOGETHER], Halves::default());
        for from in (0..text.len()).step_by(TOGETHER * 64) {
            let there = self.places(vector, &text[from..], &mut places, &mut halves);
            for (&places, from) in there.iter().zip((from..).step_by(64)) {
                let mut space = [0; REACH];
                let block = padded(&text[from..], &mut space);
                let four = |at: usize| block[at..].first_chunk().copied().unwrap_or_default();
                // Almost none is left; to ask for each bit by itself would cost more than to ask for all.
                let left = bits(places).fold(0, |left, at| left | u64::from(may_be(four(at))) << at);
                for at in bits(left).take_while(|&at| from + at < text.len()) {
                    each(from + at, four(at));
                }
            }
        }
    }

    /// The places of interest in the first blocks of a text, one bit each.
    fn places<'p>(
        &self,
        vector: Vector,
        text: &[u8],
        places: &'p mut [u64; TOGETHER],
        halves: &mut Halves,
    ) -> &'p [u64] {
        let there = &mut places[..text.len().div_ceil(64).min(TOGETHER)];
        let whole = there.len().min(text.len().saturating_sub(REACH - 64) / 64);
        let (inner, rest) = there.split_at_mut(whole);
        self.blocks(vector, text, inner, halves);
        for (places, from) in rest.iter_mut().zip((whole * 64..).step_by(64)) {
            let mut space = [0; REACH];
            self.blocks(vector, padded(&text[from..], &mut space), std::slice::from_mut(places), halves);
        }
        there
    }

    /// The same for blocks with enough text behind them.
    fn blocks(&self, vector: Vector, text: &[u8], places: &mut [u64], halves: &mut Halves) {
        match vector {
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2 => avx2::places(self, text, places, halves),
            Vector::Portable => places
                .iter_mut()
                .zip(text.windows(REACH).step_by(64))
                .for_each(|(places, block)| *places = self.block(block)),
        }
    }

    fn block(&self, block: &[u8]) -> u64 {
        let is_of_interest =
            |at: usize| self.groups.iter().any(|group| group.buckets(&block[at..at + 4]) != 0);
        (0..64).map(|at| u64::from(is_of_interest(at)) << at).sum()
    }
}

impl Group {
    /// The buckets that have these four bytes.
    fn buckets(&self, bytes: &[u8]) -> u8 {
        let halves = self.low.iter().zip(&self.high).zip(bytes);
        halves.fold(u8::MAX, |buckets, ((low, high), &byte)| {
            buckets & low[usize::from(byte & 15)] & high[usize::from(byte >> 4)]
        })
    }
}

impl Bucket {
    /// The bucket with a fingerprint more.
    fn with(mut self, fingerprint: Fingerprint, frequencies: &[[f32; 16]; 16]) -> Bucket {
        for (place, byte) in self.places.iter_mut().zip(fingerprint) {
            match byte {
                Some(byte) => {
                    place.add(byte.to_ascii_lowercase(), frequencies);
                    place.add(byte.to_ascii_uppercase(), frequencies);
                }
                None => *place = Place { low: u16::MAX, high: u16::MAX, chance: 1.0 },
            }
        }
        self
    }

    /// How likely a place in a text is of interest for it.
    fn chance(&self) -> f32 {
        self.places.iter().map(|place| place.chance).product()
    }
}

impl Place {
    fn add(&mut self, byte: u8, frequencies: &[[f32; 16]; 16]) {
        let (lower, upper) = (usize::from(byte & 15), usize::from(byte >> 4));
        if self.high >> upper & 1 == 0 {
            self.high |= 1 << upper;
            self.chance += bits(self.low).map(|lower| frequencies[upper][lower]).sum::<f32>();
        }
        if self.low >> lower & 1 == 0 {
            self.low |= 1 << lower;
            self.chance += bits(self.high).map(|upper| frequencies[upper][lower]).sum::<f32>();
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };

    use super::{Fingerprints, Halves, REACH, padded};

    pub(super) fn places(fingerprints: &Fingerprints, text: &[u8], places: &mut [u64], halves: &mut Halves) {
        // SAFETY: `Vector::Avx2` is made only where the processor was seen to have AVX2.
        unsafe { places_avx2(fingerprints, text, places, halves) }
    }

    #[target_feature(enable = "avx2")]
    fn places_avx2(fingerprints: &Fingerprints, text: &[u8], places: &mut [u64], halves: &mut Halves) {
        halves.take(&text[..text.len().min(64 * places.len() + REACH - 64)]);
        places.fill(0);
        for group in &fingerprints.groups {
            let (low, high) = (tables(&group.low), tables(&group.high));
            for (places, at) in places.iter_mut().zip((0..).step_by(64)) {
                let all = _mm256_set1_epi8(-1);
                let (mut first, mut second) = (all, all);
                for byte in 0..4 {
                    first = _mm256_and_si256(first, halves.buckets(low[byte], high[byte], at + byte));
                    second = _mm256_and_si256(second, halves.buckets(low[byte], high[byte], at + byte + 32));
                }
                *places |= u64::from(some(first)) | u64::from(some(second)) << 32;
            }
        }
    }

    impl Halves {
        #[target_feature(enable = "avx2")]
        #[inline]
        fn take(&mut self, text: &[u8]) {
            let half = _mm256_set1_epi8(15);
            let halves =
                self.lower.as_chunks_mut::<32>().0.iter_mut().zip(self.upper.as_chunks_mut::<32>().0);
            for (bytes, (lower, upper)) in text.chunks(32).zip(halves) {
                let bytes = load(padded(bytes, &mut [0; 32]));
                store(lower, _mm256_and_si256(bytes, half));
                store(upper, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half));
            }
        }

        /// The buckets of 32 bytes.
        #[target_feature(enable = "avx2")]
        #[inline]
        fn buckets(&self, low: __m256i, high: __m256i, at: usize) -> __m256i {
            let (lower, upper) = (self.lower[at..].first_chunk(), self.upper[at..].first_chunk());
            let (Some(lower), Some(upper)) = (lower, upper) else { return _mm256_setzero_si256() };
            _mm256_and_si256(_mm256_shuffle_epi8(low, load(lower)), _mm256_shuffle_epi8(high, load(upper)))
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load(bytes: &[u8; 32]) -> __m256i {
        // SAFETY: the pointer is to 32 readable bytes; the load asks for no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn store(bytes: &mut [u8; 32], value: __m256i) {
        // SAFETY: the pointer is to 32 writable bytes; the store asks for no alignment.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast::<__m256i>(), value) }
    }

    /// Which bytes are not zero.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn some(bytes: __m256i) -> u32 {
        !_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())).cast_unsigned()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn tables(tables: &[[u8; 16]; 4]) -> [__m256i; 4] {
        // SAFETY: the pointer is to 16 readable bytes; the load asks for no alignment.
        let table = |at: usize| unsafe { _mm_loadu_si128(tables[at].as_ptr().cast::<__m128i>()) };
        [0, 1, 2, 3].map(|at| _mm256_broadcastsi128_si256(table(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_past_the_end_are_no_places() {
        let mut fingerprints = Fingerprints::none(|_| 0.01);
        fingerprints.add(b"\0\0\0\0");
        for length in 0..200 {
            let mut places = vec![];
            fingerprints.for_each(Vector::Portable, &vec![b'x'; length], |_| true, |at, _| places.push(at));
            assert!(places.iter().all(|&at| at < length), "{length}: {places:?}");
        }
    }

    #[test]
    fn the_twins_agree_and_leave_no_place_out() {
        let mut random = fastrand::Rng::with_seed(8);
        let texts =
            [&b"wd="[..], b"JQQJ", b"--be", b"://", b"\xff\x00zz", b"cryp", b"\x80\x81\x82\x83", b"machine"];
        let fingerprints = Fingerprints::of(&texts, |_| 0.01);
        for length in (0..200).chain([1000]) {
            let mut bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
            let (planted, number) = (random.usize(..=length), length % texts.len());
            let text = texts[number];
            if let Some(place) = bytes.get_mut(planted..planted + text.len()) {
                place.copy_from_slice(text);
            }
            let places = |vector| {
                let mut places = vec![];
                fingerprints.for_each(vector, &bytes, |_| true, |at, _| places.push(at));
                places
            };
            let portable = places(Vector::Portable);
            assert_eq!(places(Vector::detect()), portable, "length {length}");
            assert!(portable.contains(&planted) || planted + text.len() > length, "length {length}");
        }
    }
}
