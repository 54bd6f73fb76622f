//! Templates: values that look like a token without standing in any file. `ghp_{base62:30}{crc32-base62}`
//! becomes a token of the right form, the same one for the same seed.

use fastrand::Rng;

use super::analyse::class;
use crate::proofs;

/// Random characters by name: `{hex:32}`, `{base62:20-40}`.
const ALPHABETS: &[(&str, &str)] = &[
    ("alnum", "[a-z0-9]"),
    ("base32", "[A-Z2-7]"),
    ("base58", "[1-9A-HJ-NP-Za-km-z]"),
    ("base62", "[0-9A-Za-z]"),
    ("base64", "[0-9A-Za-z+/]"),
    ("base64url", "[0-9A-Za-z_-]"),
    ("digits", "[0-9]"),
    ("hex", "[0-9a-f]"),
    ("lower", "[a-z]"),
    ("nonzero", "[1-9]"),
    ("upalnum", "[A-Z0-9]"),
    ("upper", "[A-Z]"),
    ("uphex", "[0-9A-F]"),
];

/// Fills a template.
///
/// `{name:length}` stands for random characters of an alphabet (`{hex:32}`, or with a range of lengths
/// `{hex:20-40}`), `{[A-Z2-7]:16}` for those of a class, `{name}` or
/// `{name:argument}` for what the proof of that name writes. `{{` and `}}` are braces.
///
/// # Errors
/// A sentence for the rule's author.
pub fn fill(template: &str, seed: u64) -> Result<String, String> {
    let mut random = Rng::with_seed(seed);
    let (mut text, mut rest) = (String::new(), template);
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let from = &rest[at..];
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            text.push_str(&from[..1]);
            rest = after;
            continue;
        }
        let inner = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = inner else {
            return Err(format!(
                "the template `{template}` has a single brace; write `{{{{` or `}}}}` for a brace"
            ));
        };
        let written =
            write(inner, &text, &mut random).map_err(|why| format!("in the template `{template}`: {why}"))?;
        text.push_str(&written);
        rest = after;
    }
    Ok(text + rest)
}

fn write(inner: &str, so_far: &str, random: &mut Rng) -> Result<String, String> {
    let (name, argument) = match inner.strip_prefix('[') {
        Some(_) => inner.rsplit_once("]:").map(|(class, length)| (&inner[..class.len() + 1], length)),
        None => Some(inner.split_once(':').unwrap_or((inner, ""))),
    }
    .ok_or_else(|| format!("`{{{inner}}}` needs a length, as in `{{[a-f]:8}}`"))?;
    let alphabet = ALPHABETS.iter().find(|(known, _)| *known == name).map(|(_, alphabet)| *alphabet);
    if let Some(alphabet) = alphabet.or(name.starts_with('[').then_some(name)) {
        let set: Vec<u8> =
            class(alphabet).ok_or_else(|| format!("`{alphabet}` is no character class"))?.iter().collect();
        let length = length(argument, random)?;
        return Ok((0..length).map(|_| char::from(set[random.usize(..set.len())])).collect());
    }
    let proof = proofs::by_name(name).ok_or_else(|| {
        let known: Vec<&str> =
            ALPHABETS.iter().map(|(name, _)| *name).chain(proofs::names::NAMES.iter().copied()).collect();
        format!("`{{{inner}}}` is unknown; known are {}", known.join(", "))
    })?;
    Ok((proof.forge)(so_far, argument, random))
}

fn length(argument: &str, random: &mut Rng) -> Result<usize, String> {
    let (least, most) = argument.split_once('-').unwrap_or((argument, argument));
    match (least.parse::<usize>(), most.parse::<usize>()) {
        (Ok(least), Ok(most)) if least <= most && most <= 65_536 => Ok(random.usize(least..=most)),
        _ => Err(format!("`{argument}` is no length; write a number or a range such as `20-40`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_alphabets_classes_braces_and_proofs() {
        let text = fill("a{{b}}{hex:8}-{[xy]:3}-{uuid}", 7).unwrap();
        assert!(text.starts_with("a{b}"), "{text}");
        assert_eq!(text.len(), "a{b}".len() + 8 + 1 + 3 + 1 + 36);
        assert_eq!(text, fill("a{{b}}{hex:8}-{[xy]:3}-{uuid}", 7).unwrap());
        assert_ne!(text, fill("a{{b}}{hex:8}-{[xy]:3}-{uuid}", 8).unwrap());
    }

    #[test]
    fn says_what_is_wrong() {
        for (template, message) in [
            ("{hex}", "is no length"),
            ("{nope:3}", "is unknown"),
            ("{hex:3", "single brace"),
            ("}", "single brace"),
            ("{[a-f]}", "needs a length"),
            ("{[z-a]:2}", "is no character class"),
        ] {
            let error = fill(template, 1).unwrap_err();
            assert!(error.contains(message), "{template}: {error}");
        }
    }
}
