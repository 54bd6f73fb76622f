//! Parts of a history: `--range`, `--branch`, `--since`, `--unpushed`, on repositories that git itself made.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Project, Ran, assert_kept_secret, commit, key, repository, token};

fn based() -> Project {
    let project = repository(&[]);
    commit(&project, "base.txt", "base\n", "base");
    project
}

fn scan(project: &Project, part: &[&str]) -> Ran {
    project.stanch(["git", "--format", "json", "."].iter().chain(part)).run()
}

/// `kind path novelty since REMOVED HEAD` of each place, where commits are told by their subjects.
#[track_caller]
fn places(project: &Project, ran: &Ran) -> Vec<String> {
    let subject = |commit: &serde_json::Value| match commit.as_str() {
        None => "-".to_owned(),
        Some(id) => project.ask("git", &["log", "-1", "--format=%s", id]),
    };
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let mut told: Vec<String> = findings
        .iter()
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| {
            let [kind, path, novelty] =
                ["kind", "path", "novelty"].map(|name| place[name].as_str().unwrap_or("-"));
            let (since, removed) = (subject(&place["commit"]), subject(&place["removed"]["commit"]));
            let head = if place["in_head"] == true { "HEAD" } else { "-" };
            format!("{kind} {path} {novelty} {since} {removed} {head}")
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn assert_places(project: &Project, part: &[&str], expected: &[&str]) {
    let ran = scan(project, part);
    assert_eq!(places(project, &ran), expected, "{part:?}: {}", ran.told());
    ran.exits(if expected.is_empty() { 0 } else { 1 });
}

#[test]
fn a_range_holds_what_its_commits_bring_and_no_more() {
    let project = based();
    commit(&project, "old.env", &key(1), "old");
    project.git(&["tag", "before"]);
    commit(&project, "new.env", &key(2), "new");
    project.git(&["tag", "after"]);
    commit(&project, "later.env", &key(3), "later");
    for range in ["before..after", "before..HEAD~1", "before...after", "HEAD~2..HEAD~1"] {
        assert_places(&project, &["--range", range], &["file new.env new new - HEAD"]);
    }
    assert_places(&project, &["--range", "HEAD..before"], &[]);
    let ran = scan(&project, &["--range", "before..after"]);
    assert_eq!(ran.tally("files"), 1);
    let human = project.stanch(["git", "--range", "before..after", "."]).run();
    human.exits(1).has("new.env:1:5").has_not("in the history of no ref");
    assert_kept_secret(&human, &token(2));
}

#[test]
fn a_value_that_was_there_before_is_moved() {
    let project = based();
    commit(&project, "a.env", &key(4), "brought");
    project.git(&["tag", "before"]);
    project.git(&["mv", "a.env", "b.env"]);
    commit(&project, "b.env", &format!("# moved\n{}", key(4)), "renamed and edited");
    commit(&project, "c.env", &key(5), "new");
    let expected = ["file b.env moved renamed and edited - HEAD", "file c.env new new - HEAD"];
    assert_places(&project, &["--range", "before.."], &expected);
}

#[test]
fn what_was_removed_within_the_range_stays_in_its_history() {
    let project = based();
    project.git(&["tag", "before"]);
    commit(&project, "a.env", &key(6), "brought");
    commit(&project, "a.env", "KEY=\n", "removed");
    assert_places(&project, &["--range", "before..HEAD"], &["file a.env new brought removed -"]);
    let human = project.stanch(["git", "--range", "before..HEAD", "."]).run();
    human.exits(1).has("removed in ").has("stays in the history");
}

#[test]
fn what_only_the_merge_itself_brings_is_of_the_range() {
    let project = based();
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "side.env", &key(7), "side");
    project.git(&["checkout", "-q", "main"]);
    commit(&project, "main.txt", "main\n", "main");
    project.git(&["tag", "before"]);
    project.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    project.write("evil.env", key(8));
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", "merge"]);
    assert_places(
        &project,
        &["--range", "before..HEAD"],
        &["file evil.env new merge - HEAD", "file side.env new side - HEAD"],
    );
    assert_places(&project, &["--range", "side..HEAD"], &["file evil.env new merge - HEAD"]);
}

#[test]
fn messages_names_and_tags_of_a_range_are_read() {
    let project = based();
    project.git(&["tag", "before"]);
    commit(&project, &format!("{}.txt", token(9)), "x\n", "named");
    project.git(&["commit", "-q", "--allow-empty", "-m", &format!("use {}", token(10))]);
    project.git(&["tag", "-a", "v1", "-m", &format!("tagged {}", token(11))]);
    let kinds: Vec<String> = places(&project, &scan(&project, &["--range", "before..v1"]))
        .iter()
        .map(|place| place.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["message", "name", "tag"]);
}

#[test]
fn a_branch_is_all_that_it_leads_to() {
    let project = based();
    commit(&project, "shared.env", &key(12), "shared");
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "side.env", &key(13), "side");
    project.git(&["checkout", "-q", "main"]);
    commit(&project, "main.env", &key(14), "main");
    assert_places(
        &project,
        &["--branch", "side"],
        &["file shared.env new shared - HEAD", "file side.env new side - -"],
    );
    let ran = scan(&project, &["--branch", "nowhere"]);
    ran.exits(2).has("`nowhere` stands for nothing here");
}

#[test]
fn what_no_remote_has_is_unpushed() {
    let project = based();
    commit(&project, "pushed.env", &key(15), "pushed");
    project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    assert_places(&project, &["--unpushed"], &[]);
    project.git(&["checkout", "-q", "-b", "side"]);
    commit(&project, "side.env", &key(16), "side");
    project.git(&["checkout", "-q", "main"]);
    commit(&project, "main.env", &key(17), "main");
    assert_places(
        &project,
        &["--unpushed"],
        &["file main.env new main - HEAD", "file side.env new side - -"],
    );
}

#[test]
fn since_goes_by_the_dates_of_commits() {
    let project = based();
    let at = |date: &str, name: &str, number: u64| {
        project.write(name, key(number));
        project.git(&["add", "-A"]);
        project.git(&["commit", "-q", "-m", name, "--date", date]);
    };
    at("2020-01-01T00:00:00Z", "old.env", 18);
    assert_places(&project, &["--since", "2100-01-01"], &[]);
    // The dates of committers count, which are today's.
    let expected = ["file old.env new old.env - HEAD"];
    assert_places(&project, &["--since", "2.days.ago"], &expected);
    assert_places(&project, &["--since", "2001-01-01", "--branch", "main"], &expected);
}

#[test]
fn what_stands_for_nothing_is_an_error() {
    let project = based();
    for range in ["nowhere..HEAD", "HEAD..nowhere", "--all", "", "HEAD~9..HEAD"] {
        let ran = project.stanch(["git", &format!("--range={range}"), "."]).run();
        ran.exits(2).has("stanch: ");
    }
    for date in ["nonsense", "now", ""] {
        scan(&project, &["--since", date]).exits(2).has("is no date in the past");
    }
    project.stanch(["git", "--range", "HEAD", "--unpushed", "."]).run().exits(2);
}

#[test]
fn a_missing_blob_of_the_range_is_a_gap() {
    let project = based();
    project.git(&["tag", "before"]);
    commit(&project, "a.env", &key(19), "brought");
    let blob = project.ask("git", &["rev-parse", "HEAD:a.env"]);
    std::fs::remove_file(project.path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let ran = scan(&project, &["--range", "before..HEAD"]);
    ran.exits(3);
    assert_eq!(ran.json()["gaps"][0]["reason"], "missing");
    assert_eq!(ran.json()["gaps"][0]["path"], blob);
}

#[test]
fn dates_that_lie_hide_nothing() {
    let project = based();
    project.git(&["tag", "before"]);
    // The newest commit claims to be the oldest, and its parent to be from far ahead.
    for (number, date) in
        [(20, "2099-01-01T00:00:00Z"), (21, "1980-01-01T00:00:00Z"), (22, "2030-01-01T00:00:00Z")]
    {
        project.write(format!("{number}.env"), key(number));
        project.git(&["add", "-A"]);
        let (date, message) = (format!("GIT_COMMITTER_DATE={date}"), number.to_string());
        project.command("env", [&date, "git", "commit", "-q", "-m", &message]);
    }
    let expected = ["file 20.env new 20 - HEAD", "file 21.env new 21 - HEAD", "file 22.env new 22 - HEAD"];
    assert_places(&project, &["--range", "before..HEAD"], &expected);
    assert_places(&project, &["--range", "HEAD~1..HEAD"], &expected[2..]);
}

#[test]
fn more_blobs_than_are_looked_up_one_by_one() {
    let project = based();
    project.git(&["tag", "before"]);
    let mut stream = String::from(
        "commit refs/heads/main\ncommitter n <n@example.com> 1800000000 +0000\ndata 4\nmany\nfrom refs/heads/main^0\n",
    );
    for number in 0..20_100 {
        let text = if number == 12_345 { key(23) } else { format!("{number}\n") };
        stream += &format!("M 100644 inline {}/{number}.txt\ndata {}\n{text}\n", number / 100, text.len());
    }
    project.write("stream", stream);
    project.command("sh", ["-c", "git fast-import --quiet < stream"]);
    let ran = scan(&project, &["--range", "before..main"]);
    assert_eq!(places(&project, &ran), ["file 123/12345.txt new many - HEAD"]);
    assert_eq!((ran.tally("files"), ran.json()["gaps"].as_array().unwrap().len()), (20_100, 0));
    project.git(&["repack", "-q", "-a", "-d"]);
    assert_places(&project, &["--branch", "main"], &["file 123/12345.txt new many - HEAD"]);
}
