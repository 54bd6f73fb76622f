//! What follows from a pattern alone: how long a match can be, how it starts, and by which cheap signs
//! the engine can find every match.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::frequency;
use crate::model::{Anchor, ByteSet, Lead, Strength, Stretch, Until};

/// Longest match a rule may have, in bytes: the engine's window.
pub const MAX_LEN: usize = 64 * 1024;

/// Values with fewer random bits than this can be guessed.
const RANDOM_BITS: f64 = 80.0;

/// A key that one in this many positions of ordinary text would bear is not worth looking up.
const RAREST_KEY: f64 = 1.0 / 5_000.0;

/// The same where words tell as well.
const RAREST_TOLD_KEY: f64 = 1.0 / 200_000.0;

/// Fixed texts that many patterns share; looking for one of these costs the same for one pattern as for
/// a hundred.
const SHARED_LITERALS: &[&[u8]] = &[b"://", b"-----begin ", b"assword", b"jqqj9"];

/// A text that every match of a rule holds may stand for so many that differ in a sign or two, as names do in what
/// joins their words.
const MOST_SPELLINGS: usize = 8;

/// Several texts are looked for in place of one when they stand so much less often.
const WORTH_SPELLING: f32 = 4.0;

/// How far from each other the starts of matches may lie for which a key or a shared text speaks.
const MOST_SPREAD: usize = 64;

/// Three letters that are rarer than this by themselves come in words, of which some are in every text; one letter
/// more makes that so much less likely.
const RARE: f32 = 1.0 / 2_000.0;
const RARER: f32 = 1.6;

/// How many bytes at the start of a match are told apart.
const HEAD: usize = 16;

/// How many bytes at the start of a run are told apart.
const RUN_HEAD: usize = 3;

/// Of so many letters or other signs drawn at random from all that tokens are made of, some are upper and some
/// are lower case, but for one value in 10,000.
const MIXED: usize = 20;

/// How far from a run the rest of a match may reach, to the left and to the right, for words nearby to be looked for.
const MOST_BEFORE: usize = 192;
const MOST_AFTER: usize = 96;

/// How many different four-byte keys one anchor may stand for.
const MOST_KEYS: usize = 4096;

/// How many alternatives of a pattern are told apart.
const MOST_BRANCHES: usize = 128;

/// What follows from a pattern.
#[derive(Debug)]
pub struct Analysis {
    /// Longest possible match in bytes.
    pub max_len: usize,
    /// Fixed text at the start of the secret, common to all alternatives.
    pub prefix: String,
    /// Whether the secret has at least 80 random bits, judged by the sizes of its character classes.
    pub strength: Strength,
    /// What a match may begin with, byte by byte; at least its first one.
    pub head: Vec<ByteSet>,
    /// Whether each secret has so many places for letters of either case that random ones are of both.
    pub mixes_cases: bool,
    /// Default guard before a match.
    pub not_before: ByteSet,
    /// Default guard after a match.
    pub not_after: ByteSet,
    branches: Vec<Branch>,
}

/// One alternative of a pattern, laid out as places that must be there and stretches that may be.
type Branch = Vec<Part>;

#[derive(Debug, Clone, Copy)]
struct Part {
    /// What may stand there.
    of: ByteSet,
    count: Count,
    /// Whether it belongs to the secret.
    secret: bool,
}

#[derive(Debug, Clone, Copy)]
enum Count {
    /// Exactly one byte.
    One,
    /// Any number of bytes, up to this one.
    UpTo(Option<usize>),
}

/// Reads a pattern and says what follows from it.
///
/// `max_length` limits patterns that have no upper length of their own.
///
/// # Errors
/// A sentence for the rule's author when the pattern cannot be parsed, can match nothing, or has no
/// upper length.
pub fn analyse(pattern: &str, max_length: Option<usize>) -> Result<Analysis, String> {
    let hir = parse(pattern)?;
    let properties = hir.properties();
    if properties.minimum_len() == Some(0) {
        return Err("the pattern matches the empty string".into());
    }
    // A match is looked for in the text from its own first byte on.
    if !properties.look_set().remove(Look::End).is_empty() {
        return Err(
            "the pattern looks at what stands beside it (`^`, `$`, `\\b`); say with not_before and not_after what must not stand beside it".into()
        );
    }
    let groups = properties.explicit_captures_len();
    if groups > 1 {
        return Err(format!(
            "the pattern has {groups} capture groups; one, around the secret, is allowed (write (?:...) for the others)"
        ));
    }
    let max_len = match (properties.maximum_len(), max_length) {
        (Some(natural), Some(limit)) => natural.min(limit),
        (Some(natural), None) => natural,
        (None, Some(limit)) => limit,
        (None, None) => {
            return Err("the pattern has no upper length; bound its repetitions or set max_length".into());
        }
    };
    if max_len > MAX_LEN {
        return Err(format!("a match can be {max_len} bytes long; at most {MAX_LEN} are allowed"));
    }
    let branches = expand(&hir);
    let secret = capture(&hir).map_or_else(|| branches.clone(), expand);
    Ok(Analysis {
        max_len,
        prefix: common_prefix(&secret),
        strength: strength(&secret),
        head: head(&branches),
        mixes_cases: secret.iter().all(mixes_cases),
        not_before: guard(edge(&branches, false)),
        not_after: guard(edge(&branches, true)),
        branches,
    })
}

/// Parses a pattern as the engine compiles it: bytes, no Unicode classes.
///
/// # Errors
/// The parser's message.
pub fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(50)
        .build()
        .parse(pattern)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        })
}

impl Analysis {
    /// The signs that every match bears, given what the rule ended up with. Where a run with a digit has words
    /// nearby, those of the rule or letters of the pattern, it is the best sign: few runs have. Otherwise fixed
    /// text is.
    pub fn anchors(&self, rule: Given) -> Vec<Anchor> {
        let mut anchors = Vec::new();
        let mut branches: Vec<&Branch> = self.branches.iter().collect();
        // What a short alternative is known by is in many of the longer ones.
        branches.sort_by_key(|branch| branch.len());
        for branch in branches {
            let spots = Spots::of(branch, self.max_len);
            if anchors.iter().any(|anchor| spots.bear(anchor, rule.not_before)) {
                continue;
            }
            let run = spots.run(rule.not_before, rule.not_after);
            let told = || {
                let is_near = |run: &Stretch| run.far <= MOST_BEFORE && run.rest <= MOST_AFTER;
                // Paths are runs of more signs than two.
                let is_told = |run: &Stretch| is_near(run) && (rule.has_context || run.of.len() <= 64);
                let run = run.filter(|run| rule.needs_digit && run.holds_value && is_told(run))?;
                let word = if rule.has_context { None } else { Some(spots.word()?) };
                Some(Stretch { word, lead: &[], ..run })
            };
            let one = |anchor| vec![anchor];
            let found = spots
                .best_key(rule.not_before, RAREST_TOLD_KEY)
                .or_else(|| spots.shared_literal())
                .or_else(|| told().map(Anchor::Run))
                .or_else(|| spots.best_key(rule.not_before, RAREST_KEY))
                .map(one)
                .or_else(|| spots.literals())
                .unwrap_or_else(|| one(run.map_or(Anchor::Anywhere, Anchor::Run)));
            if let [Anchor::Anywhere] = found[..] {
                return found;
            }
            found.into_iter().for_each(|anchor| add(&mut anchors, anchor));
        }
        anchors
    }
}

/// What a rule says beside its pattern.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Bytes that must not stand before a match.
    pub not_before: ByteSet,
    /// Bytes that must not stand after a match.
    pub not_after: ByteSet,
    /// Whether words must stand nearby.
    pub has_context: bool,
    /// Whether the secret must hold a digit.
    pub needs_digit: bool,
}

/// Adds a sign. Alternatives of a pattern often differ only in how much stands before what they have in common.
fn add(anchors: &mut Vec<Anchor>, anchor: Anchor) {
    let more = match anchor {
        Anchor::Run(more) => anchors.iter_mut().find_map(|known| match known {
            Anchor::Run(known) if (Stretch { near: more.near, far: more.far, ..*known }) == more => {
                Some((&mut known.near, &mut known.far, more.near, more.far))
            }
            _ => None,
        }),
        Anchor::Literal { text, before, until, near, far, .. } => {
            anchors.iter_mut().find_map(|known| match known {
                Anchor::Literal {
                    text: same,
                    before: also,
                    until: too,
                    near: nearest,
                    far: farthest,
                    ..
                } if (*same, *also, *too) == (text, before, until) => Some((nearest, farthest, near, far)),
                _ => None,
            })
        }
        Anchor::Key { key, near, far } => anchors.iter_mut().find_map(|known| match known {
            Anchor::Key { key: same, near: nearest, far: farthest }
                if *same == key && far.max(*farthest) - near.min(*nearest) <= MOST_SPREAD =>
            {
                Some((nearest, farthest, near, far))
            }
            _ => None,
        }),
        Anchor::Anywhere => None,
    };
    match more {
        Some((nearest, farthest, near, far)) => {
            (*nearest, *farthest) = ((*nearest).min(near), (*farthest).max(far));
        }
        None => anchors.push(anchor),
    }
}

/// Lays a pattern out as alternatives; joins what would be too many.
fn expand(hir: &Hir) -> Vec<Branch> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![vec![]],
        HirKind::Literal(literal) => {
            vec![literal.0.iter().map(|&byte| Part::one(ByteSet::EMPTY.with(byte))).collect()]
        }
        HirKind::Class(class) => match class_set(class) {
            Some(set) => vec![vec![Part::one(set)]],
            None => vec![blur(hir)],
        },
        HirKind::Capture(capture) => mark_secret(expand(&capture.sub)),
        HirKind::Alternation(subs) => {
            let branches: Vec<Branch> = subs.iter().flat_map(expand).collect();
            if branches.len() > MOST_BRANCHES { vec![blur(hir)] } else { branches }
        }
        HirKind::Concat(subs) => subs.iter().fold(vec![vec![]], |done, sub| {
            let next = expand(sub);
            let next = if done.len() * next.len() > MOST_BRANCHES { vec![blur(sub)] } else { next };
            product(&done, &next)
        }),
        HirKind::Repetition(repetition) => {
            let sub = expand(&repetition.sub);
            let (least, most) = (repetition.min as usize, repetition.max.map(|most| most as usize));
            if least == 0 && most == Some(1) {
                return std::iter::once(vec![]).chain(sub).take(MOST_BRANCHES + 1).collect();
            }
            if sub.len() > 1 || least > MAX_LEN {
                return vec![blur(hir)];
            }
            let mut branch: Branch = std::iter::repeat_n(&sub[0], least).flatten().copied().collect();
            if most != Some(least) {
                let each = repetition.sub.properties().maximum_len();
                let more = most.zip(each).map(|(most, each)| (most - least) * each);
                let secret = sub[0].iter().any(|part| part.secret);
                branch.push(Part { of: union(&sub[0]), count: Count::UpTo(more), secret });
            }
            vec![branch]
        }
    }
}

fn mark_secret(mut branches: Vec<Branch>) -> Vec<Branch> {
    branches.iter_mut().flatten().for_each(|part| part.secret = true);
    branches
}

fn product(left: &[Branch], right: &[Branch]) -> Vec<Branch> {
    left.iter().flat_map(|a| right.iter().map(move |b| a.iter().chain(b).copied().collect())).collect()
}

/// Says of a part only which bytes it may hold and how many at most.
fn blur(hir: &Hir) -> Branch {
    fn bytes(hir: &Hir) -> ByteSet {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => ByteSet::EMPTY,
            HirKind::Literal(literal) => literal.0.iter().copied().collect(),
            HirKind::Class(class) => class_set(class).unwrap_or(ByteSet::ALL),
            HirKind::Capture(capture) => bytes(&capture.sub),
            HirKind::Repetition(repetition) => bytes(&repetition.sub),
            HirKind::Concat(subs) | HirKind::Alternation(subs) => {
                subs.iter().map(bytes).fold(ByteSet::EMPTY, ByteSet::union)
            }
        }
    }
    let of = bytes(hir);
    let least = hir.properties().minimum_len().unwrap_or(0);
    let most = hir.properties().maximum_len().map(|most| most - least);
    let mut branch = vec![Part::one(of); least.min(256)];
    if most != Some(0) || least > 256 {
        let count = Count::UpTo(most.map(|most| most + least.saturating_sub(256)));
        branch.push(Part { of, count, secret: false });
    }
    if capture(hir).is_some() {
        branch.iter_mut().for_each(|part| part.secret = true);
    }
    branch
}

fn class_set(class: &Class) -> Option<ByteSet> {
    match class {
        Class::Bytes(class) => {
            Some(class.iter().fold(ByteSet::EMPTY, |set, range| set.with_range(range.start(), range.end())))
        }
        Class::Unicode(class) => {
            let class = class.to_byte_class()?;
            Some(class.iter().fold(ByteSet::EMPTY, |set, range| set.with_range(range.start(), range.end())))
        }
    }
}

fn capture(hir: &Hir) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(capture) => Some(&capture.sub),
        HirKind::Repetition(repetition) => capture(&repetition.sub),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().find_map(capture),
        _ => None,
    }
}

fn union(branch: &[Part]) -> ByteSet {
    branch.iter().map(|part| part.of).fold(ByteSet::EMPTY, ByteSet::union)
}

fn common_prefix(branches: &[Branch]) -> String {
    let fixed = |branch: &Branch| -> Vec<u8> { branch.iter().map_while(|part| part.single()).collect() };
    let Some(first) = branches.first().map(fixed) else { return String::new() };
    let shared = branches[1..].iter().map(fixed).fold(first, |shared, next| {
        shared.iter().zip(&next).take_while(|(a, b)| a == b).map(|(&a, _)| a).collect()
    });
    String::from_utf8(shared).unwrap_or_default()
}

fn strength(secret: &[Branch]) -> Strength {
    let bits = |branch: &Branch| -> f64 {
        branch
            .iter()
            .filter(|part| part.one_of().is_some())
            .map(|part| (part.of.len().max(1) as f64).log2())
            .sum()
    };
    let weakest = secret.iter().map(bits).fold(f64::INFINITY, f64::min);
    if weakest >= RANDOM_BITS { Strength::Random } else { Strength::Weak }
}

/// What may stand first (or last) in a match.
fn edge(branches: &[Branch], last: bool) -> ByteSet {
    let mut set = ByteSet::EMPTY;
    for branch in branches {
        let mut parts: Vec<&Part> = branch.iter().collect();
        if last {
            parts.reverse();
        }
        for part in parts {
            set = set.union(part.of);
            if part.one_of().is_some() {
                break;
            }
        }
    }
    set
}

/// What may stand at each of the first places of a match, as far as that is less than what tokens are made of.
fn head(branches: &[Branch]) -> Vec<ByteSet> {
    let fixed = |branch: &Branch| branch.iter().map_while(Part::one_of).take(HEAD).collect::<Vec<_>>();
    let shared = branches.iter().map(fixed).reduce(|a, b| a.iter().zip(b).map(|(a, b)| a.union(b)).collect());
    let mut head = shared.unwrap_or_default();
    let told = head.iter().rposition(|set| !ByteSet::ALNUM.is_subset(*set)).map_or(0, |last| last + 1);
    head.truncate(told);
    if head.is_empty() { vec![edge(branches, false)] } else { head }
}

fn mixes_cases(secret: &Branch) -> bool {
    let places = secret.iter().filter_map(Part::one_of);
    places.filter(|set| ByteSet::LETTERS.is_subset(*set)).count() >= MIXED
}

/// The default guard beside an edge: a value does not go on with letters, digits, or more of what it
/// is made of. An edge that is punctuation ends by itself.
fn guard(edge: ByteSet) -> ByteSet {
    let alnum_at_edge = edge.iter().any(|byte| byte.is_ascii_alphanumeric());
    let extended = ByteSet::TOKEN.with(b'=').with(b'~');
    match (alnum_at_edge, edge.is_subset(extended)) {
        (false, _) => ByteSet::EMPTY,
        (true, true) if edge.len() > 1 => ByteSet::ALNUM.union(edge),
        (true, _) => ByteSet::ALNUM,
    }
}

impl Part {
    fn one(of: ByteSet) -> Part {
        Part { of, count: Count::One, secret: false }
    }

    /// The set, where exactly one byte of it must be there.
    fn one_of(&self) -> Option<ByteSet> {
        matches!(self.count, Count::One).then_some(self.of)
    }

    /// The byte, where no other will do.
    fn single(&self) -> Option<u8> {
        self.one_of().filter(|set| set.len() == 1)?.iter().next()
    }

    /// The byte, where no other will do but a letter's other case; letters in lower case.
    fn letter(&self) -> Option<u8> {
        let set = self.one_of()?;
        let byte = set.iter().next()?;
        let both = ByteSet::EMPTY.with(byte.to_ascii_lowercase()).with(byte.to_ascii_uppercase());
        set.is_subset(both).then_some(byte.to_ascii_lowercase())
    }

    fn most(&self) -> usize {
        match self.count {
            Count::One => 1,
            Count::UpTo(most) => most.unwrap_or(MAX_LEN),
        }
    }
}

/// A branch with the distance of every part from the start of the match.
struct Spots<'a> {
    parts: &'a [Part],
    near: Vec<usize>,
    far: Vec<usize>,
    max_len: usize,
}

impl<'a> Spots<'a> {
    fn of(parts: &'a [Part], max_len: usize) -> Spots<'a> {
        let (mut near, mut far) = (vec![], vec![]);
        let (mut least, mut most) = (0usize, 0usize);
        for part in parts {
            near.push(least);
            far.push(most.min(max_len));
            least += usize::from(part.one_of().is_some());
            most = most.saturating_add(part.most());
        }
        Spots { parts, near, far, max_len }
    }

    /// Whether what is looked for by this sign is found as well.
    fn bear(&self, anchor: &Anchor, not_before: ByteSet) -> bool {
        let is_within = |at: usize, near: usize, far: usize| near <= self.near[at] && self.far[at] <= far;
        match *anchor {
            Anchor::Key { key, near, far } => (0..self.parts.len().saturating_sub(3)).any(|at| {
                is_within(at, near, far) && self.is_findable(at, not_before) && self.key(at) == Some(key)
            }),
            Anchor::Literal { text, before: [], until: None, near, far, .. } => {
                self.texts().any(|(from, known)| {
                    let mut places = known.windows(text.len()).zip(from..);
                    places.any(|(window, at)| window == text && is_within(at, near, far))
                })
            }
            _ => false,
        }
    }

    /// The four places that ordinary text satisfies most rarely, if they are rare enough.
    fn best_key(&self, not_before: ByteSet, rarest: f64) -> Option<Anchor> {
        (0..self.parts.len().saturating_sub(3))
            .filter_map(|at| {
                let key = self.key(at)?;
                let keys: usize = key.iter().map(|set| set.len()).product();
                let chance = self.chance(at, &key);
                let spread = self.far[at] - self.near[at];
                let findable = self.is_findable(at, not_before);
                (findable && keys <= MOST_KEYS && chance < rarest && spread <= MOST_SPREAD).then_some((
                    chance * (spread + 1) as f64 * (1.0 + keys as f64 / 64.0),
                    at,
                    key,
                ))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, at, key)| Anchor::Key { key, near: self.near[at], far: self.far[at] })
    }

    /// Whether a key at `at` is looked up wherever it stands.
    fn is_findable(&self, at: usize, not_before: ByteSet) -> bool {
        self.starts_word(at, not_before) && self.tokens_from(at) >= Anchor::RUN
    }

    /// About which share of the places in a text begin the key at `at`.
    fn chance(&self, at: usize, key: &[ByteSet; 4]) -> f64 {
        let letters: Option<Vec<u8>> = self.parts[at..at + 4].iter().map(Part::letter).collect();
        match letters {
            Some(letters) => f64::from(frequency::of_text(&letters)),
            None => key.iter().map(|&set| frequency::of_set(set)).product(),
        }
    }

    /// Whether the part at `at` is surely a letter or digit with no other directly before it.
    fn starts_word(&self, at: usize, not_before: ByteSet) -> bool {
        let fenced = match at.checked_sub(1) {
            None => ByteSet::ALNUM.is_subset(not_before),
            Some(before) => self.parts[before].one_of().is_some_and(|set| !set.meets(ByteSet::ALNUM)),
        };
        fenced && self.parts[at].of.is_subset(ByteSet::ALNUM)
    }

    fn key(&self, at: usize) -> Option<[ByteSet; 4]> {
        let mut key = [ByteSet::EMPTY; 4];
        for (slot, part) in key.iter_mut().zip(&self.parts[at..at + 4]) {
            *slot = part.one_of().filter(|set| set.is_subset(ByteSet::TOKEN))?;
        }
        Some(key)
    }

    /// How many token characters surely stand in a row from the part at `at` on.
    fn tokens_from(&self, at: usize) -> usize {
        let tokens = self.parts[at..].iter().take_while(|part| part.of.is_subset(ByteSet::TOKEN));
        tokens.filter(|part| part.one_of().is_some()).count()
    }

    /// The longest stretch of token characters, as a run.
    fn run(&self, not_before: ByteSet, not_after: ByteSet) -> Option<Stretch> {
        let is_token = |part: &Part| part.of.is_subset(ByteSet::TOKEN);
        let mut best: Option<(usize, usize, usize)> = None;
        let mut at = 0;
        while at < self.parts.len() {
            let length = self.parts[at..].iter().take_while(|part| is_token(part)).count();
            let ones = self.parts[at..at + length].iter().filter(|part| part.one_of().is_some()).count();
            if ones >= Anchor::RUN && best.is_none_or(|(most, ..)| ones > most) {
                best = Some((ones, at, at + length));
            }
            at += length.max(1);
        }
        let (min, from, to) = best?;
        let alphabet = union(&self.parts[from..to]);
        let of = ByteSet::ALNUM.union(alphabet);
        let covers_all = from == 0 && to == self.parts.len();
        let pinned = covers_all && of.is_subset(not_before) && of.is_subset(not_after);
        let no_capture = self.parts.iter().all(|part| !part.secret);
        let mut outside = self.parts[..from].iter().chain(&self.parts[to..]);
        let holds_value = outside.all(|part| !(part.secret || no_capture) || !part.of.meets(ByteSet::ALNUM));
        let longest = self.far[to - 1] + self.parts[to - 1].most();
        Some(Stretch {
            of,
            alphabet,
            head: self.head(from, alphabet).leak(),
            lead: self.lead(from, of).leak(),
            tail: self.after(to).filter(|set| !set.meets(of)),
            sign: self.parts[from..to]
                .iter()
                .filter_map(Part::single)
                .find(|byte| !byte.is_ascii_alphanumeric()),
            word: None,
            min,
            whole_up_to: pinned.then_some(longest.min(MAX_LEN)),
            holds_value,
            near: self.near[from],
            far: self.far[from],
            rest: self.parts[to..].iter().map(Part::most).sum::<usize>().min(self.max_len),
        })
    }

    /// What a stretch of `alphabet` begins with, as far as that is less than all of it.
    fn head(&self, from: usize, alphabet: ByteSet) -> Vec<ByteSet> {
        let mut head: Vec<ByteSet> =
            self.parts[from..].iter().map_while(Part::one_of).take(RUN_HEAD).collect();
        let told = head.iter().rposition(|set| !alphabet.is_subset(*set)).map_or(0, |last| last + 1);
        head.truncate(told);
        head
    }

    /// The steps to the left of the part at `from`, a run of `of`. Where a byte of the run may stand right
    /// before it, nobody knows from where to step.
    fn lead(&self, from: usize, of: ByteSet) -> Vec<Lead> {
        let mut lead: Vec<Lead> = vec![];
        let mut through = ByteSet::EMPTY;
        for part in self.parts[..from].iter().rev() {
            match part.one_of().filter(|set| !set.meets(through)) {
                Some(of) => lead.push(Lead { through: std::mem::take(&mut through), of }),
                None => through = through.union(part.of),
            }
        }
        match lead.first() {
            Some(first) if !first.through.union(first.of).meets(of) => lead,
            _ => vec![],
        }
    }

    /// What may stand directly before the part at `to`, unless that may be after the match.
    fn after(&self, to: usize) -> Option<ByteSet> {
        let mut set = ByteSet::EMPTY;
        for part in &self.parts[to..] {
            set = set.union(part.of);
            if part.one_of().is_some() {
                return Some(set);
            }
        }
        None
    }

    /// One of the texts that many patterns share.
    fn shared_literal(&self) -> Option<Anchor> {
        let mut texts = self.texts().filter(|(at, _)| self.far[*at] - self.near[*at] <= MOST_SPREAD);
        texts.find_map(|(at, text)| {
            SHARED_LITERALS.iter().find_map(|shared| {
                let inside = text.windows(shared.len()).position(|window| window == *shared)?;
                Some(self.literal_at(at + inside, shared.to_vec()))
            })
        })
    }

    /// The fixed text for which the fewest places have to be tried, or the few texts of which it is one.
    fn literals(&self) -> Option<Vec<Anchor>> {
        let tried = |at: usize, text: &[u8]| {
            let may_be_word = text.iter().all(u8::is_ascii_alphabetic);
            let rare = if may_be_word { RARE / RARER.powi(text.len() as i32 - 3) } else { 0.0 };
            frequency::of_text(text).max(rare) * (self.far[at] - self.near[at] + 1) as f32
        };
        let rarest = self
            .texts()
            .map(|(at, text)| (tried(at, &text), at, vec![text]))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let spelled = self
            .spelled()
            .map(|(at, texts)| (texts.iter().map(|text| tried(at, text)).sum::<f32>(), at, texts))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let is_better = |spelled: &(f32, usize, Vec<Vec<u8>>)| {
            rarest.as_ref().is_none_or(|rarest| spelled.0 * WORTH_SPELLING < rarest.0)
        };
        let (_, at, texts) = spelled.filter(is_better).or(rarest)?;
        Some(texts.into_iter().map(|text| self.literal_at(at, text)).collect())
    }

    /// The letters, and signs among them, that a text has least often.
    fn word(&self) -> Option<&'static str> {
        let (_, text) =
            self.texts().min_by(|(_, a), (_, b)| frequency::of_text(a).total_cmp(&frequency::of_text(b)))?;
        let word = String::from_utf8(text).ok()?;
        word.is_ascii().then(|| &*word.leak())
    }

    /// Where fixed texts with a choice of signs among their letters begin, and all that they may be.
    fn spelled(&self) -> impl Iterator<Item = (usize, Vec<Vec<u8>>)> {
        let signs = |part: &Part| {
            let set =
                part.one_of().filter(|set| set.len() <= MOST_SPELLINGS && !set.meets(ByteSet::ALNUM))?;
            Some(set.iter().collect::<Vec<u8>>())
        };
        (0..self.parts.len()).filter(|&at| self.parts[at].letter().is_some()).filter_map(move |at| {
            let choices: Vec<Vec<u8>> = self.parts[at..]
                .iter()
                .map_while(|part| part.letter().map(|letter| vec![letter]).or_else(|| signs(part)))
                .collect();
            let last = choices.iter().rposition(|choice| choice.len() == 1)?;
            let count: usize = choices[..=last].iter().map(Vec::len).product();
            if count == 1 || count > MOST_SPELLINGS {
                return None;
            }
            let mut texts: Vec<Vec<u8>> = vec![vec![]];
            for choice in &choices[..=last] {
                let with =
                    |text: &Vec<u8>| choice.iter().map(|byte| [&text[..], &[*byte]].concat()).collect();
                texts = texts.iter().flat_map::<Vec<_>, _>(with).collect();
            }
            Some((at, texts))
        })
    }

    /// Where fixed texts of three bytes or more begin, and what they are but for the case of letters.
    fn texts(&self) -> impl Iterator<Item = (usize, Vec<u8>)> {
        let mut at = 0;
        let texts = std::iter::from_fn(move || {
            let text: Vec<u8> = self.parts.get(at..)?.iter().map_while(Part::letter).collect();
            let from = at;
            at += text.len().max(1);
            Some((from, text))
        });
        texts.filter(|(_, text)| text.len() >= 3)
    }

    fn literal_at(&self, at: usize, text: Vec<u8>) -> Anchor {
        let ones_before = self.parts[..at].iter().rev().map_while(Part::one_of).take(4);
        let mut before: Vec<ByteSet> = ones_before.collect();
        before.reverse();
        let until = self.until(at + text.len());
        Anchor::Literal {
            four: frequency::rarest_four(&text),
            text: text.leak(),
            before: before.leak(),
            until,
            near: self.near[at],
            far: self.far[at],
        }
    }

    /// The first fixed byte after `from` that none of the parts before it may hold.
    fn until(&self, from: usize) -> Option<Until> {
        let mut through = ByteSet::EMPTY;
        for part in &self.parts[from..] {
            match part.single() {
                Some(byte) if !through.is_empty() && !through.contains(byte) => {
                    return Some(Until { through, byte });
                }
                _ => through = through.union(part.of),
            }
        }
        None
    }
}

/// The bytes of a character class such as `[A-Za-z_]`; the empty text is the empty set.
pub fn class(text: &str) -> Option<ByteSet> {
    if text.is_empty() {
        return Some(ByteSet::EMPTY);
    }
    match parse(text).ok()?.kind() {
        HirKind::Class(class) => class_set(class),
        HirKind::Literal(literal) if literal.0.len() == 1 => Some(ByteSet::EMPTY.with(literal.0[0])),
        _ => None,
    }
}
