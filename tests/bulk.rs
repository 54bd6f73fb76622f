//! Files full of what looks like secrets: data, dumps, bundles and translations. What is found in them is bounded, and
//! told once.

#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;

use common::Project;
use fastrand::Rng;
use serde_json::Value;

/// What a scan finds, with what is merely possible.
fn findings(project: &Project) -> Vec<Value> {
    let ran =
        project.stanch(["scan", "--format", "json", "--confidence", "possible", "--fail-on", "never"]).run();
    let report = ran.json();
    assert!(report["gaps"].as_array().unwrap().is_empty(), "{}", report["gaps"]);
    report["findings"].as_array().unwrap().clone()
}

fn drawn(random: &mut Rng, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";

#[test]
fn thousands_of_possible_values_in_one_file_are_told_once() {
    let project = Project::new();
    let mut random = Rng::with_seed(1);
    let mut dump = String::new();
    for number in 0..30_000 {
        let password = drawn(&mut random, LETTERS, 8);
        writeln!(dump, "{{\"user\": \"u{number}\", \"password\": \"{password}\"}}").unwrap();
    }
    project.write("users.json", dump);
    let found = findings(&project);
    let possible: Vec<&Value> = found.iter().filter(|finding| finding["confidence"] == "possible").collect();
    assert_eq!(possible.len(), 1, "{}", possible.len());
    let excerpt = possible[0]["places"][0]["excerpt"].as_str().unwrap();
    assert!(excerpt.contains("more in this file)"), "{excerpt}");
}

#[test]
fn a_table_of_digests_holds_no_secret() {
    let project = Project::new();
    let mut random = Rng::with_seed(2);
    let mut table = String::from("file,sha256,token_count\n");
    for number in 0..20_000 {
        writeln!(table, "f{number},{},{number}", drawn(&mut random, HEX, 64)).unwrap();
    }
    project.write("hashes.csv", &table);
    let sums: String = table.lines().skip(1).map(|line| line.replace(',', "  ") + "\n").collect();
    project.write("SHA256SUMS", sums);
    assert_eq!(findings(&project), Vec::<Value>::new());
}

#[test]
fn translations_and_forms_hold_no_secret() {
    let project = Project::new();
    project.write(
        "locales/de.json",
        "{\"password\": \"Passwort\", \"password.reset\": \"Passwort zurücksetzen\", \"token\": \"Zugangstoken\", \
         \"login.password.hint\": \"Mindestens 8 Zeichen\", \"secret\": \"Geheimnis\", \"apiKey\": \"API-Schlüssel\"}\n",
    );
    project.write(
        "app/login.html",
        "<label for=\"password\">Password</label><input type=\"password\" name=\"password\" id=\"password\" \
         placeholder=\"Your password\" autocomplete=\"current-password\">\n",
    );
    project.write(
        "app/types.ts",
        "interface Login { password: string; token?: string; apiKey: Readonly<string> }\n\
         const schema = z.object({ password: z.string().min(8), token: z.string().optional() });\n",
    );
    assert_eq!(findings(&project), Vec::<Value>::new());
}

#[test]
fn a_bundle_of_one_line_is_read_to_its_end() {
    let project = Project::new();
    let mut bundle = String::new();
    for number in 0..40_000 {
        write!(bundle, "function t{number}(e,t){{var n=e.token,r=t.password;return n?r:e.secret}}").unwrap();
    }
    let token =
        drawn(&mut Rng::with_seed(3), b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40);
    write!(bundle, "var c={{apiKey:\"{token}\"}};").unwrap();
    project.write("dist/app.min.js", bundle);
    let found = findings(&project);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["rule"], "generic-api-key");
}
