//! By which four bytes texts are looked for: few of them, and rare ones, for the more there are the more places of
//! any text look like one.

use std::collections::BTreeMap;

use super::frequency;

/// What looking for one more costs, as a share of the places in a text that look like it.
const EACH: f32 = 1.0 / 300_000.0;

/// Where in each text the four bytes begin by which it is looked for; 0 where it has no more. Texts share theirs
/// where they can: the greedy way to cover a set (Chvátal, "A greedy heuristic for the set-covering problem", 1979).
pub fn shared(texts: &[&[u8]]) -> Vec<usize> {
    let mut holders: BTreeMap<&[u8], Vec<(usize, usize)>> = BTreeMap::new();
    for (number, text) in texts.iter().enumerate() {
        for (at, four) in text.windows(4).enumerate() {
            holders.entry(four).or_default().push((number, at));
        }
    }
    let mut places: Vec<Option<usize>> = vec![None; texts.len()];
    loop {
        holders.values_mut().for_each(|holders| holders.retain(|(number, _)| places[*number].is_none()));
        holders.retain(|_, holders| !holders.is_empty());
        let cost =
            |(four, holders): &(&&[u8], &Vec<_>)| (frequency::of_text(four) + EACH) / holders.len() as f32;
        let Some((_, holders)) = holders.iter().min_by(|a, b| cost(a).total_cmp(&cost(b))) else { break };
        holders.iter().for_each(|(number, at)| places[*number] = Some(*at));
    }
    places.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_share_their_four_bytes() {
        let texts: [&[u8]; 5] = [b"consumer_key", b"deployer_key", b"signer_key", b"key", b"xauth"];
        let places = shared(&texts);
        let fours: Vec<&[u8]> =
            texts.iter().zip(&places).map(|(text, &at)| &text[at..text.len().min(at + 4)]).collect();
        assert_eq!(fours[0], fours[1]);
        assert_eq!(fours[1], fours[2]);
        assert_eq!(fours[3], b"key");
        assert_eq!(fours[4].len(), 4);
    }
}
