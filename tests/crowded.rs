//! Files that hold what no file holds: every example at once, a hundred thousand look-alikes, words without
//! values, and values between the words of two vendors.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::Project;
use serde_json::Value;
use stanch::model::{Confidence, Rule, Specificity};
use stanch::rules::{BUILTIN, template};

/// What keeps the words near one value from the next.
const APART: &str = "\n\n# lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt\n\n\
                     # ut labore et dolore magna aliqua ut enim ad minim veniam quis nostrud exercitation\n\n";

fn findings(project: &Project) -> Vec<Value> {
    findings_from(project, "possible")
}

/// Those of at least this confidence.
fn findings_from(project: &Project, confidence: &str) -> Vec<Value> {
    let ran = project.stanch(["scan", "--format", "json", "--confidence", confidence]).run();
    ran.json()["findings"].as_array().unwrap().clone()
}

/// Rules for text in any file.
fn for_any_text() -> impl Iterator<Item = &'static Rule> {
    BUILTIN.iter().filter(|rule| rule.files.is_empty() && rule.promise.is_none())
}

#[test]
fn every_example_in_one_file_is_found_by_its_rule() {
    let project = Project::new();
    let mut text = String::new();
    let mut expected = BTreeSet::new();
    for rule in for_any_text() {
        let value = template::fill(rule.examples[0], 5).unwrap();
        if value.contains(char::is_control) && !value.contains('\n') {
            continue;
        }
        let word = rule.context.first().map_or(String::new(), |word| format!("{word} = "));
        text += &format!("{word}{value}{APART}");
        expected.insert(rule.family);
    }
    project.write("all.txt", &text);
    let found: BTreeSet<String> = findings(&project)
        .iter()
        .flat_map(|finding| {
            let also = finding["also"].as_array().cloned().unwrap_or_default();
            std::iter::once(finding["rule"].clone()).chain(also)
        })
        .map(|id| BUILTIN.iter().find(|rule| id == rule.id).unwrap().family.to_owned())
        .collect();
    let missed: Vec<_> = expected.iter().filter(|family| !found.contains(**family)).collect();
    assert!(expected.len() > 700, "{}", expected.len());
    assert!(missed.is_empty(), "of {} rules these found nothing: {missed:?}", expected.len());
}

#[test]
fn a_hundred_thousand_look_alikes_are_no_findings_of_their_rules() {
    const LINES: usize = 100_000;
    let project = Project::new();
    let rules: Vec<&Rule> = for_any_text()
        .filter(|rule| rule.specificity == Specificity::Prefix && rule.confidence > Confidence::Possible)
        .collect();
    let near_misses: Vec<(&Rule, &str)> = rules
        .iter()
        .flat_map(|rule| rule.near_misses.iter().map(move |near_miss| (*rule, *near_miss)))
        .filter(|(_, near_miss)| !near_miss.contains('\n'))
        .collect();
    let lines: Vec<(&Rule, String)> = (0..LINES)
        .map(|number| {
            let (rule, near_miss) = near_misses[number % near_misses.len()];
            (rule, template::fill(near_miss, number as u64).unwrap())
        })
        .collect();
    let text: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
    project.write("look-alikes.txt", text.join("\n"));
    for finding in findings_from(&project, "likely") {
        for place in finding["places"].as_array().unwrap() {
            let line = place["line"].as_u64().unwrap() as usize;
            let (rule, text) = &lines[line - 1];
            assert_ne!(finding["rule"], rule.id, "line {line}: {text}");
        }
    }
}

#[test]
fn words_without_values_are_no_findings() {
    let project = Project::new();
    let words: BTreeSet<&str> = BUILTIN.iter().flat_map(|rule| rule.context).copied().collect();
    let lines = words.iter().map(|word| format!("{word}:\n{word} = \"\"\n{word}=<your token>\n"));
    project.write("words.txt", lines.collect::<String>());
    let found = findings(&project);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_value_between_the_words_of_two_vendors_is_one_finding_that_names_both() {
    let project = Project::new();
    let token = template::fill("{hex:40}", 3).unwrap();
    project.write("one.env", format!("# PACKAGIST_API_TOKEN or DD_APP_KEY: {token}\n"));
    let found = findings(&project);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["rule"], "datadog-application-key");
    assert_eq!(found[0]["also"], serde_json::json!(["packagist-org-api-token"]));
}

#[test]
fn values_of_two_vendors_on_lines_of_their_own_are_told_apart() {
    let project = Project::new();
    let [packagist, datadog] = [1, 2].map(|seed| template::fill("{hex:40}", seed).unwrap());
    project.write("two.env", format!("PACKAGIST_API_TOKEN={packagist}\nDD_APP_KEY={datadog}\n"));
    let mut told: Vec<(u64, String)> = findings(&project)
        .iter()
        .map(|finding| (finding["places"][0]["line"].as_u64().unwrap(), finding["rule"].to_string()))
        .collect();
    told.sort();
    assert_eq!(told, [(1, "\"packagist-org-api-token\"".into()), (2, "\"datadog-application-key\"".into())]);
}
