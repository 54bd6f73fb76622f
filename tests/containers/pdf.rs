//! PDF files: made by the programs that people make them with, or by hand where no program would.

use std::env;
use std::fs;

use super::common::{Project, key, token};
use super::{bounded, gaps, json, made_by, python, spots};

/// Writes documents by hand: objects, streams, and what stands around them.
const WRITER: &str = r#"
import random, sys, zlib
t = [a.encode() for a in sys.argv[1:]]
def obj(n, body): return b'%d 0 obj\n' % n + body + b'\nendobj\n'
def stream(n, data, more=b''): return obj(n, b'<</Length %d %s>>\nstream\n' % (len(data), more) + data + b'\nendstream')
def flate(n, data, more=b''): return stream(n, zlib.compress(data, 9), b'/Filter/FlateDecode ' + more)
def inside(n, objects, more=b''):
    table = body = b''
    for m, o in objects: table += b'%d %d ' % (m, len(body)); body += o + b' '
    return flate(n, table + body, b'/Type/ObjStm/N %d/First %d' % (len(objects), len(table)) + more)
END = b'trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n'
def pdf(*parts, end=END): return b'%PDF-1.7\n' + b''.join(parts) + end
def write(name, data): open(name, 'wb').write(data)
FONT = obj(5, b'<</Type/Font/Subtype/Type1/BaseFont/Courier>>')
PAGE = b'<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>'
TOP = obj(1, b'<</Type/Catalog/Pages 2 0 R/Names<</Dests 90 0 R>>>>') + obj(2, b'<</Type/Pages/Kids[3 0 R]/Count 1>>')
HEAD = TOP + FONT + obj(3, PAGE)
shown = lambda text: b'BT /F 10 Tf 72 700 Td (' + text + b') Tj ET'
"#;

fn written(project: &Project, script: &str, tokens: u64) {
    python(project, &format!("{WRITER}{script}"), (0..tokens).map(token));
}

#[test]
fn pages_that_programs_wrote_are_read() {
    let project = Project::new();
    let value = token(1);
    let text = |y: u32, text: &str| format!("<text x='9' y='{y}' font-family='DejaVu Sans'>{text}</text>");
    let svg = format!("{}{}", text(20, "AVAVA"), text(40, &format!("office KEY={value}")));
    project.write(
        "a.svg",
        format!("<svg xmlns='http://www.w3.org/2000/svg' width='600' height='90'>{svg}</svg>"),
    );
    // In pieces, as programs write what they space themselves.
    let (begin, end) = value.split_at(9);
    let page = format!(
        "/Times-Roman findfont 11 scalefont setfont 72 700 moveto (KEY={begin}) show ({end}) show showpage"
    );
    project.write("a.ps", format!("%!PS\n{page}\n")).write("blank.ps", "%!PS\nshowpage\n");
    let cases: [(&[&str], &str, &str); 8] = [
        (&["rsvg-convert"], "rsvg-convert -f pdf a.svg -o a.pdf", "a.pdf!page/1:2:12"),
        (&["ps2pdf"], "ps2pdf a.ps a.pdf", "a.pdf!page/1:1:5"),
        (&["ps2pdf"], "ps2pdf -dCompressPages=false a.ps a.pdf", "a.pdf!page/1:1:5"),
        (
            &["ps2pdf", "pdfunite"],
            "ps2pdf a.ps b.pdf; ps2pdf blank.ps c.pdf; pdfunite c.pdf b.pdf a.pdf; rm b.pdf c.pdf",
            "a.pdf!page/2:1:5",
        ),
        (
            &["rsvg-convert", "qpdf"],
            "rsvg-convert -f pdf a.svg -o b.pdf; qpdf --object-streams=generate b.pdf a.pdf; rm b.pdf",
            "a.pdf!page/1:2:12",
        ),
        (
            &["ps2pdf", "qpdf"],
            "ps2pdf a.ps b.pdf; qpdf --linearize b.pdf a.pdf; rm b.pdf",
            "a.pdf!page/1:1:5",
        ),
        (
            &["rsvg-convert", "qpdf"],
            "rsvg-convert -f pdf a.svg -o b.pdf; qpdf --qdf b.pdf a.pdf; rm b.pdf",
            "a.pdf!page/1:2:12",
        ),
        (&["ps2pdf", "zip"], "ps2pdf a.ps b.pdf; zip -q a.pdf b.pdf; rm b.pdf", "a.pdf!b.pdf!page/1:1:5"),
    ];
    for (programs, line, place) in cases {
        if made_by(&project, programs, line) {
            let ran = json(&project, &["a.pdf"]);
            ran.exits(1).check(spots(&ran) == [place], line);
            ran.check(gaps(&ran).is_empty(), line);
            let bytes = fs::read(project.path("a.pdf")).unwrap();
            let ran = project.stanch(["scan", "--format", "json", "-"]).input(bytes).run();
            ran.exits(1).check(spots(&ran) == [place.replacen("a.pdf", "<stdin>", 1)], line);
            fs::remove_file(project.path("a.pdf")).unwrap();
        }
    }
}

/// Programs that take long to install, and write what most people have.
#[test]
fn pages_of_office_programs_and_browsers_are_read() {
    if env::var_os("STANCH_LARGE").is_none() {
        return;
    }
    let project = Project::new();
    let value = token(1);
    project.write(
        "a.html",
        format!("<html><body>before <b>the</b> key <code>KEY={value}</code> and after it</body></html>"),
    );
    project.write("a.txt", format!("first\nKEY={value} and after it\n"));
    let tex = value.replace('_', "\\char95{}");
    let document = format!("\\begin{{document}}first\n\n\\texttt{{KEY={tex}}} and after it\\end{{document}}");
    project.write("a.tex", format!("\\documentclass{{article}}{document}"));
    let cases: [(&[&str], &str, &str); 3] = [
        (&["soffice"], "soffice --headless --convert-to pdf a.txt", "a.pdf!page/1:2:5"),
        (
            &["chromium"],
            "chromium --headless --no-sandbox --disable-gpu --print-to-pdf=a.pdf a.html",
            "a.pdf!page/1:1:20",
        ),
        (&["pdflatex"], "pdflatex -interaction batchmode a.tex >log", "a.pdf!page/1:2:5"),
    ];
    for (programs, line, place) in cases {
        if made_by(&project, programs, &format!("{line} >log 2>&1")) {
            let ran = json(&project, &["a.pdf"]);
            ran.exits(1).check(spots(&ran) == [place], line);
            ran.check(gaps(&ran).is_empty(), line);
            fs::remove_file(project.path("a.pdf")).unwrap();
        }
    }
}

#[test]
fn files_that_are_attached_are_opened() {
    let project = Project::new();
    project.write("in/b/c.txt", key(1)).write("in/x.env", key(2)).write("blank.ps", "%!PS\nshowpage\n");
    let line = "(cd in; zip -q ../a.zip b/c.txt); ps2pdf blank.ps b.pdf; \
                qpdf b.pdf a.pdf --add-attachment a.zip -- --add-attachment in/x.env --; rm -r in a.zip b.pdf";
    if made_by(&project, &["ps2pdf", "qpdf", "zip"], line) {
        let ran = json(&project, &[]);
        ran.exits(1).check(spots(&ran) == ["a.pdf!a.zip!b/c.txt:1:5", "a.pdf!x.env:1:5"], "by their names");
        ran.check(gaps(&ran).is_empty(), "all is read");
    }
    written(
        &project,
        r#"
write('a.pdf', pdf(HEAD, obj(6, b'<</Type/Filespec/F(../up)/EF<</F 7 0 R>>>>'), flate(7, t[0])))
"#,
        1,
    );
    let ran = json(&project, &["a.pdf"]);
    ran.exits(1).check(gaps(&ran) == ["unsafe-name a.pdf!../up"], "a name that leads out is told");
    ran.check(ran.paths() == ["a.pdf!../up"], "what it holds is scanned");
}

#[test]
fn what_is_encrypted_is_told() {
    let project = Project::new();
    project.write(
        "a.ps",
        format!("%!PS\n/Courier findfont 9 scalefont setfont 9 700 moveto ({}) show showpage\n", token(1)),
    );
    for options in [
        "\"\" owner 256",
        "user owner 256",
        "\"\" owner 128 --use-aes=y",
        "--allow-weak-crypto user owner 40",
    ] {
        let (first, rest) = match options.strip_prefix("--allow-weak-crypto ") {
            Some(rest) => ("--allow-weak-crypto", rest),
            None => ("", options),
        };
        let line = format!("ps2pdf a.ps b.pdf; qpdf {first} --encrypt {rest} -- b.pdf a.pdf; rm b.pdf");
        if made_by(&project, &["ps2pdf", "qpdf"], &line) {
            json(&project, &["a.pdf"]).exits(3);
            let ran = json(&project, &["a.pdf"]);
            ran.check(gaps(&ran) == ["encrypted a.pdf"], options);
        }
    }
}

#[test]
fn texts_beside_the_pages_are_read() {
    let project = Project::new();
    written(
        &project,
        r#"
utf16 = lambda text: b'<' + (b'\xfe\xff' + text.decode().encode('utf-16-be')).hex().encode() + b'>'
write('a.pdf', pdf(HEAD, stream(4, b''),
    inside(6, [(10, b'<</Title ' + utf16(t[0]) + b'/Author(a\\(b\\)' + t[1][:9] + b'\\\n' + t[1][9:] + b')>>'),
        (11, b'<</Type/Annot/Subtype/Link/A<</S/URI/URI(https://example.com/' + t[2] + b')>>>>'),
        (12, b'<</FT/Tx/T(password)/V(vT7!kLq9$zWx)>>')]),
    flate(13, b'<x:xmpmeta>' + t[3] + b'</x:xmpmeta>', b'/Type/Metadata/Subtype/XML'),
    flate(14, shown(t[4]), b'/Type/XObject/Subtype/Form/Resources<</Font<</F 5 0 R>>>>'),
    flate(15, b'app.alert("' + t[5] + b'")'),
    flate(16, t[6], b'/Subtype/Image')))
"#,
        7,
    );
    let ran = json(&project, &["a.pdf"]);
    let expected = [
        "a.pdf!object/10:1:9",
        "a.pdf!object/10:2:14",
        "a.pdf!object/11:1:27",
        "a.pdf!object/12:2:12",
        "a.pdf!object/13:1:12",
        "a.pdf!object/14:1:1",
        "a.pdf!object/15:1:12",
    ];
    ran.exits(1).check(spots(&ran) == expected, "each under the number of its object; pixels are no text");
    ran.check(gaps(&ran).is_empty(), "all is read");
}

#[test]
fn text_is_read_as_it_is_seen() {
    let project = Project::new();
    written(
        &project,
        r#"
glyphs = lambda text: b''.join(b'%04x' % (c - 29) for c in text)
CMAP = b'1 beginbfrange <0001> <0070> <001e> endbfrange'
COMPOSITE = (obj(5, b'<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>')
    + obj(6, b'<</Type/Font/Subtype/CIDFontType2/DW 500/W[1 200 500]>>') + flate(7, CMAP))
a, b, c = t[0][:7], t[0][7:20], t[0][20:]
def page(name, font, content): write(name, pdf(TOP, obj(3, PAGE), font, flate(4, content)))
# Kerned, with glyphs by numbers; one more text for each run, placed by its width.
page('a.pdf', COMPOSITE, b'BT /F 10 Tf 9 9 Td [<' + glyphs(a) + b'>-30<' + glyphs(b) + b'>25<' + glyphs(c) + b'>]TJ ET')
page('b.pdf', COMPOSITE, b'BT /F 10 Tf 9 9 Td <' + glyphs(a) + b'> Tj ET q BT 1 0 0 1 44 9 Tm<' + glyphs(b) +
    b'>Tj ET Q BT 109 9 Td <' + glyphs(c) + b'>Tj ET')
# Letters by their names, in an order of their own.
used = sorted(set(t[0]))
names = {c: chr(c) if chr(c).isalpha() else {'_': 'underscore', '0': 'zero', '1': 'one', '2': 'two', '3': 'three', '4': 'four',
    '5': 'five', '6': 'six', '7': 'seven', '8': 'eight', '9': 'nine'}[chr(c)] for c in used}
differences = b'[1' + b''.join(b'/' + names[c].encode() for c in used) + b']'
text = b''.join(b'%02x' % (used.index(c) + 1) for c in t[0])
page('c.pdf', obj(5, b'<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences' + differences + b'>>>>'), b'/F 9 Tf <' + text + b'> Tj')
# In two streams, and with the fonts of the group.
write('d.pdf', pdf(obj(1, b'<</Type/Catalog/Pages 2 0 R>>'), obj(2, b'<</Type/Pages/Kids[3 0 R]/Resources 8 0 R>>'),
    obj(3, b'<</Type/Page/Parent 2 0 R/Contents[4 0 R 9 0 R]>>'), obj(8, b'<</Font<</F 5 0 R>>>>'), COMPOSITE,
    flate(4, b'BT /F 9 Tf <' + glyphs(a + b) + b'> Tj'), flate(9, b'<' + glyphs(c) + b'> Tj ET')))
"#,
        1,
    );
    for name in ["a.pdf", "b.pdf", "c.pdf", "d.pdf"] {
        let ran = json(&project, &[name]);
        ran.exits(1).check(spots(&ran) == [format!("{name}!page/1:1:1")], "in one piece");
        ran.check(gaps(&ran).is_empty(), "all is read");
    }
    written(
        &project,
        r#"
font = obj(5, b'<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[]>>')
write('a.pdf', pdf(TOP, obj(3, PAGE), font, flate(4, b'/F 9 Tf <00010002> Tj')))
"#,
        0,
    );
    let ran = json(&project, &["a.pdf"]);
    ran.exits(3).check(gaps(&ran) == ["unsupported a.pdf!page/1"], "glyphs without a meaning are told");
}

#[test]
fn whatever_packs_a_stream_is_undone() {
    let project = Project::new();
    written(
        &project,
        r#"
import base64
text = shown(t[0])
def rows(data, columns):
    data += b' ' * (-len(data) % columns); out, above = b'', bytes(columns)
    for n in range(0, len(data), columns):
        row = data[n:n + columns]; kind = n // columns % 5; out += bytes([kind])
        for m, c in enumerate(row):
            left, up, corner = (row[m - 1] if m else 0), above[m], (above[m - 1] if m else 0)
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            out += bytes([(c - [0, left, up, (left + up) // 2, nearest][kind]) % 256])
        above = row
    return out
def lzw(data):
    # Codes that only clear and copy: 9 bits each, and the table is cleared before it grows.
    codes = [c for n in range(0, len(data), 200) for c in [256, *data[n:n + 200]]] + [257]
    bits = ''.join(f'{c:09b}' for c in codes); bits += '0' * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, 'big')
packed = zlib.compress(text)
cases = [
    (text, b''), (packed, b'/Filter/FlateDecode'), (packed, b'/Filter[/FlateDecode]'),
    (zlib.compress(text, wbits=-15), b'/Filter/FlateDecode'), (text.hex().encode() + b'>', b'/Filter/ASCIIHexDecode'),
    (base64.a85encode(packed) + b'~>', b'/Filter[/ASCII85Decode/FlateDecode]'), (lzw(text), b'/Filter/LZWDecode'),
    (b''.join(bytes([len(text[n:n + 100]) - 1]) + text[n:n + 100] for n in range(0, len(text), 100)) + b'\xf0 \x80', b'/Filter/RunLengthDecode'),
    (zlib.compress(packed), b'/Filter[/FlateDecode/FlateDecode]'),
    (zlib.compress(rows(text, 7)), b'/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 7>>'),
    (packed, b'/Filter 7 0 R'), (packed, b'/Filter[/Crypt/FlateDecode]/DecodeParms[<</Name/Identity>>]')]
for n, (data, filters) in enumerate(cases):
    write(f'{n:02}.pdf', pdf(HEAD, stream(4, data, filters), obj(7, b'[/FlateDecode]')))
"#,
        1,
    );
    let ran = json(&project, &[]);
    let expected: Vec<String> = (0..12).map(|number| format!("{number:02}.pdf!page/1:1:1")).collect();
    ran.exits(1).check(spots(&ran) == expected, "each");
    ran.check(gaps(&ran).is_empty(), "all is read");
    let project = Project::new();
    written(
        &project,
        r#"
for n, filters in enumerate([b'/Filter/Unheard', b'/Filter[/FlateDecode/FlateDecode/FlateDecode/FlateDecode/FlateDecode]',
        b'/Filter/FlateDecode/DecodeParms<</Predictor 2>>', b'/Filter/Crypt/DecodeParms<</Name/Own>>']):
    write(f'{n}.pdf', pdf(HEAD, stream(4, b'x' * 50, filters), stream(6, b'x' * 50, filters)))
"#,
        0,
    );
    let ran = json(&project, &[]);
    let expected = |number| ["object/6", "page/1"].map(|name| format!("unsupported {number}.pdf!{name}"));
    ran.exits(3).check(gaps(&ran) == [0, 1, 2, 3].map(expected).concat(), "what is not known is told");
}

#[test]
fn what_was_replaced_or_taken_out_is_still_found() {
    let project = Project::new();
    written(
        &project,
        r#"
first = HEAD + flate(4, shown(t[0])) + obj(6, b'<</Type/Page/Parent 2 0 R/Contents 7 0 R>>') + flate(7, shown(t[1]))
# The text of a page is replaced, and a page of two is taken out.
write('a.pdf', pdf(first) + flate(4, shown(b'gone')) + END)
# A page is replaced, text and all.
write('b.pdf', pdf(HEAD, flate(4, shown(t[0]))) + obj(3, PAGE.replace(b'4 0', b'8 0')) + flate(8, shown(t[2])) + END)
"#,
        3,
    );
    let ran = json(&project, &["a.pdf"]);
    ran.exits(1).check(spots(&ran) == ["a.pdf!object/4:1:1", "a.pdf!object/6:1:1"], "by their objects");
    let ran = json(&project, &["b.pdf"]);
    ran.exits(1).check(spots(&ran) == ["b.pdf!object/3:1:1", "b.pdf!page/1:1:1"], "once each");
}

// Bad input

#[test]
fn tables_and_lengths_that_lie_are_not_believed() {
    let project = Project::new();
    written(
        &project,
        r#"
text = zlib.compress(shown(t[0]))
for n, length in enumerate([b'0', b'5', b'99999999999999999999', b'-1', b'/x', b'9 0 R', b'4 0 R', b'[]']):
    body = obj(4, b'<</Filter/FlateDecode/Length ' + length + b'>>stream\r\n' + text + b'\r\nendstream')
    write(f'{n}.pdf', pdf(HEAD, body, b'xref\n0 3\n' + b'0000000003 00000 n\n' * 3))
"#,
        1,
    );
    let ran = json(&project, &[]);
    let expected: Vec<String> = (0..8).map(|number| format!("{number}.pdf!page/1:1:1")).collect();
    ran.exits(1).check(spots(&ran) == expected, "each");
    ran.check(gaps(&ran).is_empty(), "none of it is missing");
}

#[test]
fn what_a_damaged_document_has_is_read() {
    let project = Project::new();
    written(
        &project,
        r#"
whole = pdf(HEAD, flate(4, shown(t[0] + b' ' + random.Random(1).randbytes(3000).hex().encode())), flate(6, t[1]))
write('end.pdf', whole[:-20])
write('middle.pdf', whole[:whole.index(b'6 0 obj') + 60])
at = whole.index(b'stream\n') + 2000
write('data.pdf', whole[:at] + bytes(9) + whole[at + 9:])
write('open.pdf', pdf(obj(9, b'<</A (open'), HEAD, flate(4, shown(t[0]))))
write('deep.pdf', pdf(obj(9, b'[' * 100000), HEAD, flate(4, shown(t[0]))))
"#,
        2,
    );
    let ran = json(&project, &[]);
    let expected = ["corrupt data.pdf!page/1", "corrupt deep.pdf", "corrupt end.pdf", "corrupt middle.pdf"];
    let mut told = gaps(&ran);
    told.retain(|gap| gap != "corrupt middle.pdf!object/6");
    ran.exits(1).check(told == [&expected[..], &["corrupt open.pdf"]].concat(), "each is told");
    let found = ["data", "deep", "end", "middle", "open"].map(|name| format!("{name}.pdf!page/1:1:1"));
    for place in found {
        ran.check(spots(&ran).contains(&place), &place);
    }
    project.write("none.pdf", format!("%PDF-1.7\n{}", key(1)));
    let ran = json(&project, &["none.pdf"]);
    ran.exits(1).check(gaps(&ran) == ["corrupt none.pdf"], "what only claims to be one is told");
    ran.check(spots(&ran) == ["none.pdf:2:5"], "and scanned as it is");
}

#[test]
fn circles_end() {
    let project = Project::new();
    written(
        &project,
        r#"
found = flate(7, t[0])
write('kids.pdf', pdf(obj(1, b'<</Type/Catalog/Pages 2 0 R>>'),
    obj(2, b'<</Type/Pages/Kids[2 0 R 3 0 R 3 0 R]/Parent 3 0 R>>'), obj(3, b'<</Type/Pages/Kids[2 0 R 3 0 R]/Parent 2 0 R>>'), found))
write('parents.pdf', pdf(TOP, obj(3, b'<</Type/Page/Parent 3 0 R/Contents 4 0 R>>'), flate(4, shown(b'x')), found))
write('references.pdf', pdf(TOP, obj(3, b'<</Type/Page/Contents 8 0 R/Resources 9 0 R>>'), obj(8, b'[8 0 R 8 0 R]'), obj(9, b'<</Font 9 0 R/F 9 0 R>>'), found))
write('length.pdf', pdf(HEAD, obj(4, b'<</Length 4 0 R/Filter 4 0 R/DecodeParms 4 0 R>>stream\nx\nendstream'), found))
write('font.pdf', pdf(TOP, obj(3, PAGE), obj(5, b'<</Subtype/Type0/DescendantFonts 5 0 R/ToUnicode 5 0 R/W 5 0 R/Widths 5 0 R>>'), flate(4, shown(b'xx')), found))
write('inside.pdf', pdf(HEAD, inside(6, [(6, b'<</Type/ObjStm/N 9/First 9/Extends 6 0 R>>')], b'/Extends 6 0 R'), found))
"#,
        1,
    );
    for name in ["kids", "parents", "references", "length", "font", "inside"] {
        let ran = bounded(&project, &format!("{name}.pdf"));
        ran.exits(1).check(spots(&ran) == [format!("{name}.pdf!object/7:1:1")], "what is there is read");
    }
}

#[test]
fn what_unpacks_to_much_more_ends_early() {
    let project = Project::new();
    written(
        &project,
        r#"
MIB = 1 << 20
c = zlib.compressobj(9); big = b''.join(c.compress(bytes(MIB)) for _ in range(600)) + c.flush()
flated = lambda n, data, more=b'': stream(n, data, b'/Filter/FlateDecode ' + more)
twice = zlib.compress(big, 9)
write('page.pdf', pdf(HEAD, flated(4, big)))
write('twice.pdf', pdf(HEAD, stream(4, twice, b'/Filter[/FlateDecode/FlateDecode]')))
write('inside.pdf', pdf(HEAD, flated(6, big, b'/Type/ObjStm/N 1/First 9')))
write('file.pdf', pdf(HEAD, obj(6, b'<</Type/Filespec/F(x)/EF<</F 7 0 R>>>>'), flated(7, big)))
write('map.pdf', pdf(TOP, obj(3, PAGE), obj(5, b'<</Type/Font/ToUnicode 7 0 R>>'), flated(7, big), flate(4, shown(b'x'))))
# One stream, over and over, on each of many pages; and a table of fonts that each of them looks up.
kids = b' '.join(b'%d 0 R' % n for n in range(100, 5100))
many = obj(1, b'<</Type/Catalog/Pages 2 0 R>>') + obj(2, b'<</Type/Pages/Kids[' + kids + b']/Resources 6 0 R>>')
pages = b''.join(obj(n, b'<</Type/Page/Parent 2 0 R/Contents 8 0 R>>') for n in range(100, 5100))
fonts = obj(6, b'<</Font<<' + b''.join(b'/F%d 5 0 R' % n for n in range(50000)) + b'>>>>')
write('pages.pdf', pdf(many, pages, obj(6, b'<<>>'), obj(8, b'[' + b'4 0 R ' * 100000 + b']'), flate(4, b'0 ' * 100000)))
write('fonts.pdf', pdf(many, pages, fonts, obj(8, b'[4 0 R]'), flate(4, b'')))
write('empty.pdf', pdf(many, pages, obj(6, b'<<>>'), obj(8, b'[' + b'4 0 R ' * 100000 + b']'), flate(4, b'')))
"#,
        0,
    );
    for (name, place) in [
        ("page", "page/1"),
        ("twice", "page/1"),
        ("inside", ""),
        ("file", "x"),
        ("map", "page/1"),
        ("pages", "page/"),
        ("fonts", "page/"),
        ("empty", "page/"),
    ] {
        let ran = bounded(&project, &format!("{name}.pdf"));
        let gaps = gaps(&ran);
        let told = format!("ratio {name}.pdf{}", if place.is_empty() { "" } else { "!" }) + place;
        ran.exits(3).check(gaps.len() == 1 && gaps[0].starts_with(&told), "it is told");
    }
}

#[test]
fn what_is_made_to_be_slow_or_large_ends() {
    let project = Project::new();
    written(
        &project,
        r#"
write('open.pdf', pdf(b'1 0 obj (' * 500000))
write('deep.pdf', pdf(b'1 0 obj [[[[' * 500000))
write('streams.pdf', pdf(b'1 0 obj<<>>stream\n' * 300000))
write('objects.pdf', pdf(b''.join(b'%d 0 obj[]\n' % n for n in range(1000000))))
write('quotes.pdf', pdf(HEAD, flate(4, b'(' * 5000000 + b')' * 5000000 + b' Tj')))
write('states.pdf', pdf(HEAD, flate(4, b'q ' * 5000000 + shown(b'x'))))
write('text.pdf', pdf(HEAD, flate(4, b'/F 9 Tf ' + (b'(' + b'x' * 1000 + b') Tj ') * 9000)))
write('numbers.pdf', pdf(HEAD, flate(4, b'[' + b'1 ' * 5000000 + b'] TJ')))
characters = b''.join(b'<%04x><%04x>' % (n, n) for n in range(65536))
write('fonts.pdf', pdf(HEAD.replace(b'/F 5 0 R', b''.join(b'/F%d %d 0 R' % (n, n) for n in range(10, 150))),
    b''.join(obj(n, b'<</Type/Font/Subtype/Type0/ToUnicode 9 0 R>>') for n in range(10, 150)),
    flate(9, b'1 beginbfchar ' + characters + b' endbfchar'), flate(4, shown(b'x'))))
write('table.pdf', pdf(HEAD, flate(6, b'1 0 ' * 2000000 + b'[]', b'/Type/ObjStm/N 2000000/First 8000000')))
"#,
        0,
    );
    for name in
        ["open", "deep", "streams", "objects", "quotes", "states", "text", "numbers", "fonts", "table"]
    {
        let ran = bounded(&project, &format!("{name}.pdf"));
        ran.check(ran.code == Some(0) || ran.code == Some(3), name);
    }
    let ran = bounded(&project, "objects.pdf");
    ran.check(gaps(&ran) == ["too-large objects.pdf"], "more objects than are held are told");
    let ran = bounded(&project, "fonts.pdf");
    ran.check(gaps(&ran) == ["too-large fonts.pdf"], "larger fonts than are held are told");
    let ran = bounded(&project, "text.pdf");
    ran.check(gaps(&ran) == ["too-large text.pdf!page/1"], "more text than is taken is told");
}

#[test]
fn damage_of_any_kind_to_documents_ends_in_a_report() {
    let project = Project::new();
    written(
        &project,
        r#"
r = random.Random(5)
whole = pdf(HEAD, flate(4, shown(t[0])), inside(6, [(10, b'<</A(' + t[1] + b')>>'), (11, b'[1 2]')]), flate(7, t[0], b'/DecodeParms<</Predictor 12/Columns 4>>'))
plain = pdf(HEAD, stream(4, shown(t[0]) + b' BI ID x EI /F 3 Tf [(a) -3 <4142>] TJ'), obj(6, b'[(x) <41> /N#41 1.5 true null 3 0 R]'))
for n in range(150):
    b = bytearray(r.choice([whole, plain]))
    for _ in range(r.choice([1, 3, 20])): b[r.randrange(5, len(b))] = r.choice([*b'()<>[]/% 0R', r.randrange(256)])
    write(f'{n}.pdf', b[:r.choice([len(b), r.randrange(5, len(b))])])
"#,
        2,
    );
    bounded(&project, ".").exits(1);
}
