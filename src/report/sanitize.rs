//! What reaches a terminal: text from outside, with everything escaped that could steer or deceive.

use std::borrow::Cow;

/// Text that is safe to print on one line: characters that move the cursor, change the direction of
/// writing or cannot be seen are written as `\n`, `\u{202e}` and so on; all others stay.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hazard) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hazard(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Controls (C0, DEL, C1), line and paragraph separators, bidi controls, and all that Unicode calls
/// default-ignorable, because it shows as nothing (`Default_Ignorable_Code_Point` in
/// <https://www.unicode.org/Public/17.0.0/ucd/DerivedCoreProperties.txt>).
pub(super) fn is_hazard(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_steers_or_hides_and_nothing_else() {
        for (name, text, safe) in [
            ("plain", "src/config.py", "src/config.py"),
            ("words of the world", "naïve café 東京 हिन्दी ไทย 🦀", "naïve café 東京 हिन्दी ไทย 🦀"),
            ("combining mark", "cafe\u{301}", "cafe\u{301}"),
            ("line breaks", "a\nb\r\tc", r"a\nb\r\tc"),
            ("colour", "\u{1b}[31mred", r"\u{1b}[31mred"),
            ("C1 introducer", "\u{9b}31m", r"\u{9b}31m"),
            ("delete and next line", "\u{7f}\u{85}", r"\u{7f}\u{85}"),
            ("direction override", "a\u{202e}txt.exe", r"a\u{202e}txt.exe"),
            ("isolates and marks", "\u{2066}\u{2069}\u{200e}\u{61c}", r"\u{2066}\u{2069}\u{200e}\u{61c}"),
            ("separators", "\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            ("zero width", "\u{200b}\u{200d}\u{feff}", r"\u{200b}\u{200d}\u{feff}"),
            ("tags and variations", "\u{e0041}\u{fe0f}", r"\u{e0041}\u{fe0f}"),
            ("backslash stays", r"C:\new", r"C:\new"),
        ] {
            assert_eq!(sanitize(text), safe, "{name}");
        }
    }

    #[test]
    fn leaves_no_hazard_behind() {
        let everything: String = ('\0'..=char::MAX).collect();
        assert!(!sanitize(&everything).contains(is_hazard));
    }
}
