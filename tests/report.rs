//! Whole reports in every format, from a report made by hand out of awkward things.

#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

use std::collections::BTreeMap;

use base64::Engine as _;
use proptest::prelude::*;
use snapbox::prelude::*;
use snapbox::{assert_data_eq, str};
use stanch::model::{
    Also, Appearance, BlobPath, ByteSet, Commit, Confidence, Evidence, Finding, FindingId, Gap, GapReason,
    List, Place, PlaceKind, ProofLevel, Report, Rule, Secret, Severity, Specificity, Strength, Tally,
    Verdict, WrongProof,
};
use stanch::report::{Format, View};
use stanch::rules::template;

#[test]
fn human() {
    assert_data_eq!(shown(&awkward(), Format::Human), str![[r#"
critical[example-token]: Example API token (2 secrets)
  Acts as its owner everywhere.
  Revoke it: https://example.com/tokens?tab=all

  src/config.py:12:9
    │ token = "tok_…"
  dump/tok_…/résumé #1.txt:3:1
    │ tok_…
  caf�/data:7:2
    │ x=tok_… \u{202e}y=…
  proven: its checksum is right · account octo of tok_… · also matches generic-secret · id 0000000000000003

  a\ntok_…:b.txt (in the name or the link's target)
    │ a tok_…:b.txt
  likely: its shape or surroundings are distinctive · id 0000000000000004

medium[example-password]: Password (2 secrets)
  Opens the database.
  Revoke or change it where it was issued.

  ….env:1:10
    │ password=…
  likely: its shape or surroundings are distinctive · id 0000000000000005

  …/db.ini:2:6
    │ pass=…
  likely: its shape or surroundings are distinctive · id 0000000000000006

Not a secret? stanch ignore ID --reason "why"

Not scanned: 3
  unreadable (could not be opened or read): 2
    backup/tok_….pem: Permission denied (os error 13)
    evil\u{1b}[2J\u{202e}txt.exe
  changed (became shorter while it was read): 1
    log.txt: ended within tok_…

Not scanned, as .stanchignore accepts: 1
  too-many-findings (holds more candidates than are kept): 1
    huge.bin: more than 100000

note: unused entry: tok_…\nfake: all clear

Found 4 secrets in 6 places: 2 critical, 2 medium.
Scanned 1,234 files, 56.70 MB.
Of these: 12 binary (distinctive rules only), 2 packed (not opened), 1 linked (not followed).
Opened 3 archives: 1,200 members, 98.70 MB.
Passed over: 40 hidden by .gitignore, 3 excluded, 1 special (FIFO, device or socket).
Not shown: 4 less sure (--confidence possible shows them), 1 ignored on their line, 2 ignored by .stanchignore, 3 in the baseline.

"#]].raw());
}

#[test]
fn human_in_color() {
    let view = View { color: true, ..View::default() };
    let text = write(&awkward(), Format::Human, view).replace('\u{1b}', "ESC");
    let start: String = text.lines().take(8).map(|line| format!("{line}\n")).collect();
    assert_data_eq!(
        start,
        str![[r#"
ESC[1mESC[31mcritical[example-token]ESC[0m: ESC[1mExample API tokenESC[0mESC[2m (2 secrets)ESC[0m
  Acts as its owner everywhere.
  Revoke it: https://example.com/tokens?tab=all

  ESC[36msrc/config.pyESC[0m:12:9
    ESC[2m│ESC[0m token = "ESC[1mESC[31mtok_…ESC[0m"
  ESC[36mdump/tok_…/résumé #1.txtESC[0m:3:1
    ESC[2m│ESC[0m ESC[1mESC[31mtok_…ESC[0m

"#]]
        .raw()
    );
}

#[test]
fn human_clean() {
    let report =
        Report { tally: Tally { files: 1234, bytes: 56_700_000, ..Tally::default() }, ..Report::default() };
    assert_data_eq!(
        shown(&report, Format::Human),
        str![[r#"
No secrets found.
Scanned 1,234 files, 56.70 MB.

"#]]
        .raw()
    );
}

#[test]
fn human_says_clean_only_of_what_was_scanned() {
    let gaps = vec![gap("a.key", GapReason::Unreadable, "Permission denied")];
    let nothing = Report::default();
    let open = Report { gaps: gaps.clone(), ..Report::default() };
    let accepted = Report { accepted_gaps: gaps, ..Report::default() };
    for (report, expected) in [
        (&nothing, "Nothing to scan: no file is in scope."),
        (&open, "No secrets in what was scanned, but not everything was."),
        (&accepted, "No secrets in what was scanned, but not everything was."),
    ] {
        let text = shown(report, Format::Human);
        assert!(text.lines().any(|line| line == expected), "{text}");
        assert!(!text.contains("No secrets found"), "{text}");
    }
}

#[test]
fn human_counts_what_would_be_too_long() {
    let mut report = Report { findings: vec![tokens().remove(0)], ..Report::default() };
    let finding = &mut report.findings[0];
    finding.places = (1..=25).map(|line| (place("a.txt", line, 1, 9), String::new())).collect();
    report.gaps = (0..9).map(|at| gap(&format!("{at}.bin"), GapReason::Changed, "")).collect();
    assert_data_eq!(
        shown(&report, Format::Human),
        str![[r#"
critical[example-token]: Example API token
  Acts as its owner everywhere.
  Revoke it: https://example.com/tokens?tab=all

  a.txt:1:1
  a.txt:2:1
  a.txt:3:1
  a.txt:4:1
  a.txt:5:1
  a.txt:6:1
  a.txt:7:1
  a.txt:8:1
  a.txt:9:1
  a.txt:10:1
  … and 15 more places
  proven: its checksum is right · account octo of tok_… · also matches generic-secret · id 0000000000000003

Not a secret? stanch ignore ID --reason "why"

Not scanned: 9
  changed (became shorter while it was read): 9
    0.bin
    1.bin
    2.bin
    3.bin
    4.bin
    … and 4 more

Found 1 secret in 25 places: 1 critical.
Scanned 0 files, 0 B.

"#]]
        .raw()
    );
}

#[test]
fn json() {
    assert_data_eq!(
        shown(&awkward(), Format::Json),
        str![[r#"
{
  "schema": 1,
  "tool": {
    "name": "stanch",
    "version": "[VERSION]"
  },
  "findings": [
    {
      "id": "0000000000000003",
      "rule": "example-token",
      "provider": "Example",
      "name": "Example API token",
      "category": "cloud",
      "severity": "critical",
      "confidence": "proven",
      "verdict": {
        "state": "not_asked"
      },
      "proof": "checksum",
      "facts": [
        {
          "label": "account",
          "text": "octo of tok_…"
        }
      ],
      "secret": {
        "masked": "tok_…",
        "length": 34
      },
      "risk": "Acts as its owner everywhere.",
      "revoke_page": "https://example.com/tokens?tab=all",
      "docs": [
        "https://example.com/docs"
      ],
      "also": [
        "generic-secret"
      ],
      "places": [
        {
          "kind": "file",
          "path": "src/config.py",
          "line": 12,
          "column": 9,
          "end_line": 12,
          "end_column": 43,
          "start": 1209,
          "end": 1243,
          "excerpt": "\ttoken = \"tok_…\""
        },
        {
          "kind": "file",
          "path": "dump/tok_…/résumé #1.txt",
          "line": 3,
          "column": 1,
          "end_line": 3,
          "end_column": 35,
          "start": 301,
          "end": 335,
          "excerpt": "tok_…"
        },
        {
          "kind": "file",
          "path": "caf�/data",
          "path_base64": "Y2Fm6S9kYXRh",
          "line": 7,
          "column": 2,
          "end_line": 7,
          "end_column": 36,
          "start": 702,
          "end": 736,
          "excerpt": "x=tok_… \u202ey=…"
        }
      ]
    },
    {
      "id": "0000000000000004",
      "rule": "example-token",
      "provider": "Example",
      "name": "Example API token",
      "category": "cloud",
      "severity": "critical",
      "confidence": "likely",
      "verdict": {
        "state": "not_asked"
      },
      "proof": "none",
      "facts": [],
      "secret": {
        "masked": "tok_…",
        "length": 34
      },
      "risk": "Acts as its owner everywhere.",
      "revoke_page": "https://example.com/tokens?tab=all",
      "docs": [
        "https://example.com/docs"
      ],
      "also": [],
      "places": [
        {
          "kind": "name",
          "path": "a\ntok_…:b.txt",
          "line": 1,
          "column": 3,
          "end_line": 1,
          "end_column": 37,
          "start": 103,
          "end": 137,
          "excerpt": "a tok_…:b.txt"
        }
      ]
    },
    {
      "id": "0000000000000005",
      "rule": "example-password",
      "provider": "Example",
      "name": "Password",
      "category": "database",
      "severity": "medium",
      "confidence": "likely",
      "verdict": {
        "state": "not_asked"
      },
      "proof": "none",
      "facts": [],
      "secret": {
        "masked": "…",
        "length": null
      },
      "risk": "Opens the database.",
      "revoke_page": null,
      "docs": [],
      "also": [],
      "places": [
        {
          "kind": "file",
          "path": "….env",
          "line": 1,
          "column": 10,
          "end_line": 1,
          "end_column": 19,
          "start": 110,
          "end": 119,
          "excerpt": "password=…"
        }
      ]
    },
    {
      "id": "0000000000000006",
      "rule": "example-password",
      "provider": "Example",
      "name": "Password",
      "category": "database",
      "severity": "medium",
      "confidence": "likely",
      "verdict": {
        "state": "not_asked"
      },
      "proof": "none",
      "facts": [],
      "secret": {
        "masked": "…",
        "length": null
      },
      "risk": "Opens the database.",
      "revoke_page": null,
      "docs": [],
      "also": [],
      "places": [
        {
          "kind": "file",
          "path": "…/db.ini",
          "line": 2,
          "column": 6,
          "end_line": 2,
          "end_column": 10,
          "start": 206,
          "end": 210,
          "excerpt": "pass=…"
        }
      ]
    }
  ],
  "gaps": [
    {
      "reason": "unreadable",
      "path": "backup/tok_….pem",
      "detail": "Permission denied (os error 13)",
      "accepted": false
    },
    {
      "reason": "unreadable",
      "path": "evil\u001b[2J\u202etxt.exe",
      "detail": "",
      "accepted": false
    },
    {
      "reason": "changed",
      "path": "log.txt",
      "detail": "ended within tok_…",
      "accepted": false
    },
    {
      "reason": "too-many-findings",
      "path": "huge.bin",
      "detail": "more than 100000",
      "accepted": true
    }
  ],
  "notes": [
    "unused entry: tok_…\nfake: all clear"
  ],
  "tally": {
    "files": 1234,
    "bytes": 56700000,
    "binary": 12,
    "packed": 2,
    "containers": 3,
    "members": 1200,
    "unpacked_bytes": 98700000,
    "symlinks": 1,
    "special": 1,
    "ignored_entries": 40,
    "excluded": 3,
    "found": {
      "possible": 5,
      "likely": 0,
      "proven": 2
    },
    "shown": 4,
    "hidden": 4,
    "ignored_inline": 1,
    "ignored_by_file": 2,
    "ignored_by_baseline": 3,
    "gaps": {
      "changed": 1,
      "unreadable": 2
    },
    "accepted_gaps": {
      "too-many-findings": 1
    }
  }
}

"#]]
        .raw()
    );
}

#[test]
fn json_of_an_empty_report() {
    assert_data_eq!(
        shown(&Report::default(), Format::Json),
        str![[r#"
{
  "schema": 1,
  "tool": {
    "name": "stanch",
    "version": "[VERSION]"
  },
  "findings": [],
  "gaps": [],
  "notes": [],
  "tally": {
    "files": 0,
    "bytes": 0,
    "binary": 0,
    "packed": 0,
    "containers": 0,
    "members": 0,
    "unpacked_bytes": 0,
    "symlinks": 0,
    "special": 0,
    "ignored_entries": 0,
    "excluded": 0,
    "found": {
      "possible": 0,
      "likely": 0,
      "proven": 0
    },
    "shown": 0,
    "hidden": 0,
    "ignored_inline": 0,
    "ignored_by_file": 0,
    "ignored_by_baseline": 0,
    "gaps": {},
    "accepted_gaps": {}
  }
}

"#]]
        .raw()
    );
}

#[test]
fn jsonl() {
    assert_data_eq!(shown(&awkward(), Format::Jsonl), str![[r#"
{"type":"finding","id":"0000000000000003","rule":"example-token","provider":"Example","name":"Example API token","category":"cloud","severity":"critical","confidence":"proven","verdict":{"state":"not_asked"},"proof":"checksum","facts":[{"label":"account","text":"octo of tok_…"}],"secret":{"masked":"tok_…","length":34},"risk":"Acts as its owner everywhere.","revoke_page":"https://example.com/tokens?tab=all","docs":["https://example.com/docs"],"also":["generic-secret"],"places":[{"kind":"file","path":"src/config.py","line":12,"column":9,"end_line":12,"end_column":43,"start":1209,"end":1243,"excerpt":"\ttoken = \"tok_…\""},{"kind":"file","path":"dump/tok_…/résumé #1.txt","line":3,"column":1,"end_line":3,"end_column":35,"start":301,"end":335,"excerpt":"tok_…"},{"kind":"file","path":"caf�/data","path_base64":"Y2Fm6S9kYXRh","line":7,"column":2,"end_line":7,"end_column":36,"start":702,"end":736,"excerpt":"x=tok_… \u202ey=…"}]}
{"type":"finding","id":"0000000000000004","rule":"example-token","provider":"Example","name":"Example API token","category":"cloud","severity":"critical","confidence":"likely","verdict":{"state":"not_asked"},"proof":"none","facts":[],"secret":{"masked":"tok_…","length":34},"risk":"Acts as its owner everywhere.","revoke_page":"https://example.com/tokens?tab=all","docs":["https://example.com/docs"],"also":[],"places":[{"kind":"name","path":"a\ntok_…:b.txt","line":1,"column":3,"end_line":1,"end_column":37,"start":103,"end":137,"excerpt":"a tok_…:b.txt"}]}
{"type":"finding","id":"0000000000000005","rule":"example-password","provider":"Example","name":"Password","category":"database","severity":"medium","confidence":"likely","verdict":{"state":"not_asked"},"proof":"none","facts":[],"secret":{"masked":"…","length":null},"risk":"Opens the database.","revoke_page":null,"docs":[],"also":[],"places":[{"kind":"file","path":"….env","line":1,"column":10,"end_line":1,"end_column":19,"start":110,"end":119,"excerpt":"password=…"}]}
{"type":"finding","id":"0000000000000006","rule":"example-password","provider":"Example","name":"Password","category":"database","severity":"medium","confidence":"likely","verdict":{"state":"not_asked"},"proof":"none","facts":[],"secret":{"masked":"…","length":null},"risk":"Opens the database.","revoke_page":null,"docs":[],"also":[],"places":[{"kind":"file","path":"…/db.ini","line":2,"column":6,"end_line":2,"end_column":10,"start":206,"end":210,"excerpt":"pass=…"}]}
{"type":"gap","reason":"unreadable","path":"backup/tok_….pem","detail":"Permission denied (os error 13)","accepted":false}
{"type":"gap","reason":"unreadable","path":"evil\u001b[2J\u202etxt.exe","detail":"","accepted":false}
{"type":"gap","reason":"changed","path":"log.txt","detail":"ended within tok_…","accepted":false}
{"type":"gap","reason":"too-many-findings","path":"huge.bin","detail":"more than 100000","accepted":true}
{"type":"note","text":"unused entry: tok_…\nfake: all clear"}
{"type":"tally","schema":1,"tool":{"name":"stanch","version":"[VERSION]"},"files":1234,"bytes":56700000,"binary":12,"packed":2,"containers":3,"members":1200,"unpacked_bytes":98700000,"symlinks":1,"special":1,"ignored_entries":40,"excluded":3,"found":{"possible":5,"likely":0,"proven":2},"shown":4,"hidden":4,"ignored_inline":1,"ignored_by_file":2,"ignored_by_baseline":3,"gaps":{"changed":1,"unreadable":2},"accepted_gaps":{"too-many-findings":1}}

"#]].raw());
}

#[test]
fn jsonl_of_an_empty_report() {
    assert_data_eq!(shown(&Report::default(), Format::Jsonl), str![[r#"
{"type":"tally","schema":1,"tool":{"name":"stanch","version":"[VERSION]"},"files":0,"bytes":0,"binary":0,"packed":0,"containers":0,"members":0,"unpacked_bytes":0,"symlinks":0,"special":0,"ignored_entries":0,"excluded":0,"found":{"possible":0,"likely":0,"proven":0},"shown":0,"hidden":0,"ignored_inline":0,"ignored_by_file":0,"ignored_by_baseline":0,"gaps":{},"accepted_gaps":{}}

"#]].raw());
}

#[test]
fn sarif() {
    assert_data_eq!(shown(&awkward(), Format::Sarif), str![[r#"
{
  "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  "version": "2.1.0",
  "runs": [
    {
      "tool": {
        "driver": {
          "name": "stanch",
          "semanticVersion": "[VERSION]",
          "rules": [
            {
              "id": "example-password",
              "shortDescription": {
                "text": "Password"
              },
              "fullDescription": {
                "text": "Opens the database."
              },
              "help": {
                "text": "Opens the database. Revoke or change it where it was issued."
              },
              "defaultConfiguration": {
                "level": "warning"
              },
              "properties": {
                "tags": [
                  "security",
                  "secret",
                  "database"
                ],
                "precision": "high",
                "security-severity": "5.5"
              }
            },
            {
              "id": "example-token",
              "shortDescription": {
                "text": "Example API token"
              },
              "fullDescription": {
                "text": "Acts as its owner everywhere."
              },
              "help": {
                "text": "Acts as its owner everywhere. Revoke it: https://example.com/tokens?tab=all"
              },
              "helpUri": "https://example.com/docs",
              "defaultConfiguration": {
                "level": "error"
              },
              "properties": {
                "tags": [
                  "security",
                  "secret",
                  "cloud"
                ],
                "precision": "high",
                "security-severity": "9.5"
              }
            }
          ],
          "notifications": [
            {
              "id": "unreadable",
              "shortDescription": {
                "text": "could not be opened or read"
              }
            },
            {
              "id": "changed",
              "shortDescription": {
                "text": "became shorter while it was read"
              }
            },
            {
              "id": "too-many-findings",
              "shortDescription": {
                "text": "holds more candidates than are kept"
              }
            }
          ]
        }
      },
      "invocations": [
        {
          "executionSuccessful": false,
          "toolExecutionNotifications": [
            {
              "descriptor": {
                "id": "unreadable"
              },
              "level": "warning",
              "message": {
                "text": "Not scanned: could not be opened or read (Permission denied (os error 13))."
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "backup/tok_%E2%80%A6.pem",
                      "uriBaseId": "%SRCROOT%"
                    }
                  }
                }
              ]
            },
            {
              "descriptor": {
                "id": "unreadable"
              },
              "level": "warning",
              "message": {
                "text": "Not scanned: could not be opened or read."
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "evil%1B%5B2J%E2%80%AEtxt.exe",
                      "uriBaseId": "%SRCROOT%"
                    }
                  }
                }
              ]
            },
            {
              "descriptor": {
                "id": "changed"
              },
              "level": "warning",
              "message": {
                "text": "Not scanned: became shorter while it was read (ended within tok_…)."
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "log.txt",
                      "uriBaseId": "%SRCROOT%"
                    }
                  }
                }
              ]
            },
            {
              "descriptor": {
                "id": "too-many-findings"
              },
              "level": "note",
              "message": {
                "text": "Not scanned: holds more candidates than are kept (more than 100000)."
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "huge.bin",
                      "uriBaseId": "%SRCROOT%"
                    }
                  }
                }
              ]
            },
            {
              "level": "note",
              "message": {
                "text": "unused entry: tok_…\nfake: all clear"
              }
            }
          ]
        }
      ],
      "originalUriBaseIds": {
        "%SRCROOT%": {
          "description": {
            "text": "The root of the scan."
          }
        }
      },
      "columnKind": "unicodeCodePoints",
      "redactionTokens": [
        "…"
      ],
      "results": [
        {
          "ruleId": "example-token",
          "ruleIndex": 1,
          "level": "error",
          "message": {
            "text": "Example API token tok_… (proven: its checksum is right). Acts as its owner everywhere."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "src/config.py",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startLine": 12,
                  "startColumn": 9,
                  "endLine": 12,
                  "endColumn": 43,
                  "byteOffset": 1209,
                  "byteLength": 34
                },
                "contextRegion": {
                  "startLine": 12,
                  "endLine": 12,
                  "snippet": {
                    "text": "\ttoken = \"tok_…\""
                  }
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000003"
          },
          "properties": {
            "severity": "critical",
            "confidence": "proven",
            "proof": "checksum",
            "verdict": "not_asked"
          }
        },
        {
          "ruleId": "example-token",
          "ruleIndex": 1,
          "level": "error",
          "message": {
            "text": "Example API token tok_… (proven: its checksum is right). Acts as its owner everywhere."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "dump/tok_%E2%80%A6/r%C3%A9sum%C3%A9%20%231.txt",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startLine": 3,
                  "startColumn": 1,
                  "endLine": 3,
                  "endColumn": 35,
                  "byteOffset": 301,
                  "byteLength": 34
                },
                "contextRegion": {
                  "startLine": 3,
                  "endLine": 3,
                  "snippet": {
                    "text": "tok_…"
                  }
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000003"
          },
          "properties": {
            "severity": "critical",
            "confidence": "proven",
            "proof": "checksum",
            "verdict": "not_asked"
          }
        },
        {
          "ruleId": "example-token",
          "ruleIndex": 1,
          "level": "error",
          "message": {
            "text": "Example API token tok_… (proven: its checksum is right). Acts as its owner everywhere."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "caf%E9/data",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startLine": 7,
                  "startColumn": 2,
                  "endLine": 7,
                  "endColumn": 36,
                  "byteOffset": 702,
                  "byteLength": 34
                },
                "contextRegion": {
                  "startLine": 7,
                  "endLine": 7,
                  "snippet": {
                    "text": "x=tok_… \u202ey=…"
                  }
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000003"
          },
          "properties": {
            "severity": "critical",
            "confidence": "proven",
            "proof": "checksum",
            "verdict": "not_asked"
          }
        },
        {
          "ruleId": "example-token",
          "ruleIndex": 1,
          "level": "error",
          "message": {
            "text": "Example API token tok_… (likely: its shape or surroundings are distinctive). Acts as its owner everywhere."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "a%0Atok_%E2%80%A6%3Ab.txt",
                  "uriBaseId": "%SRCROOT%"
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000004"
          },
          "properties": {
            "severity": "critical",
            "confidence": "likely",
            "proof": "none",
            "verdict": "not_asked"
          }
        },
        {
          "ruleId": "example-password",
          "ruleIndex": 0,
          "level": "warning",
          "message": {
            "text": "Password … (likely: its shape or surroundings are distinctive). Opens the database."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "%E2%80%A6.env",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startLine": 1,
                  "startColumn": 10,
                  "endLine": 1,
                  "endColumn": 19,
                  "byteOffset": 110,
                  "byteLength": 9
                },
                "contextRegion": {
                  "startLine": 1,
                  "endLine": 1,
                  "snippet": {
                    "text": "password=…"
                  }
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000005"
          },
          "properties": {
            "severity": "medium",
            "confidence": "likely",
            "proof": "none",
            "verdict": "not_asked"
          }
        },
        {
          "ruleId": "example-password",
          "ruleIndex": 0,
          "level": "warning",
          "message": {
            "text": "Password … (likely: its shape or surroundings are distinctive). Opens the database."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "%E2%80%A6/db.ini",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startLine": 2,
                  "startColumn": 6,
                  "endLine": 2,
                  "endColumn": 10,
                  "byteOffset": 206,
                  "byteLength": 4
                },
                "contextRegion": {
                  "startLine": 2,
                  "endLine": 2,
                  "snippet": {
                    "text": "pass=…"
                  }
                }
              }
            }
          ],
          "partialFingerprints": {
            "stanchFindingId/v1": "0000000000000006"
          },
          "properties": {
            "severity": "medium",
            "confidence": "likely",
            "proof": "none",
            "verdict": "not_asked"
          }
        }
      ],
      "properties": {
        "tally": {
          "files": 1234,
          "bytes": 56700000,
          "binary": 12,
          "packed": 2,
          "containers": 3,
          "members": 1200,
          "unpacked_bytes": 98700000,
          "symlinks": 1,
          "special": 1,
          "ignored_entries": 40,
          "excluded": 3,
          "found": {
            "possible": 5,
            "likely": 0,
            "proven": 2
          },
          "shown": 4,
          "hidden": 4,
          "ignored_inline": 1,
          "ignored_by_file": 2,
          "ignored_by_baseline": 3,
          "gaps": {
            "changed": 1,
            "unreadable": 2
          },
          "accepted_gaps": {
            "too-many-findings": 1
          }
        }
      }
    }
  ]
}

"#]].raw());
}

#[test]
fn sarif_of_an_empty_report() {
    assert_data_eq!(
        shown(&Report::default(), Format::Sarif),
        str![[r#"
{
  "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  "version": "2.1.0",
  "runs": [
    {
      "tool": {
        "driver": {
          "name": "stanch",
          "semanticVersion": "[VERSION]",
          "rules": [],
          "notifications": []
        }
      },
      "invocations": [
        {
          "executionSuccessful": true,
          "toolExecutionNotifications": []
        }
      ],
      "originalUriBaseIds": {
        "%SRCROOT%": {
          "description": {
            "text": "The root of the scan."
          }
        }
      },
      "columnKind": "unicodeCodePoints",
      "redactionTokens": [
        "…"
      ],
      "results": [],
      "properties": {
        "tally": {
          "files": 0,
          "bytes": 0,
          "binary": 0,
          "packed": 0,
          "containers": 0,
          "members": 0,
          "unpacked_bytes": 0,
          "symlinks": 0,
          "special": 0,
          "ignored_entries": 0,
          "excluded": 0,
          "found": {
            "possible": 0,
            "likely": 0,
            "proven": 0
          },
          "shown": 0,
          "hidden": 0,
          "ignored_inline": 0,
          "ignored_by_file": 0,
          "ignored_by_baseline": 0,
          "gaps": {},
          "accepted_gaps": {}
        }
      }
    }
  ]
}

"#]]
        .raw()
    );
}

#[test]
fn json_and_jsonl_follow_their_schema() {
    let schema = schema("fixtures/schema/report-v1.schema.json");
    for report in [Report::default(), awkward()] {
        for view in [View::default(), View { reveal: true, color: false }] {
            assert_valid(&schema, &write(&report, Format::Json, view));
            write(&report, Format::Jsonl, view).lines().for_each(|line| assert_valid(&schema, line));
        }
    }
}

#[test]
fn the_schema_notices_drift() {
    let schema = schema("fixtures/schema/report-v1.schema.json");
    let report = write(&awkward(), Format::Json, View::default());
    for (from, to) in [
        ("\"severity\"", "\"gravity\""),
        ("\"not_asked\"", "\"maybe\""),
        ("\"end_column\"", "\"end_col\""),
        ("\"ignored_inline\"", "\"ignored\""),
        ("\"accepted\": true", "\"accepted\": \"yes\""),
        ("\"schema\": 1", "\"schema\": 2"),
    ] {
        let drifted = report.replacen(from, to, 1);
        assert_ne!(drifted, report, "{from}");
        let drifted = serde_json::from_str(&drifted).unwrap();
        assert!(!schema.is_valid(&drifted), "{from} -> {to}");
    }
}

#[test]
fn sarif_follows_the_official_schema() {
    let schema = schema("tests/schema/sarif-schema-2.1.0.json");
    for report in [Report::default(), awkward()] {
        assert_valid(&schema, &write(&report, Format::Sarif, View::default()));
    }
}

#[test]
fn no_format_holds_a_secret_in_any_form() {
    let report = awkward();
    for format in Format::ALL {
        for color in [false, true] {
            let text = write(&report, format, View { reveal: false, color }).to_ascii_lowercase();
            for finding in &report.findings {
                for form in forms(finding.secret.expose()) {
                    assert!(
                        !text.contains(&form.to_ascii_lowercase()),
                        "{}: {form}\n{text}",
                        format.as_str()
                    );
                }
            }
        }
    }
}

#[test]
fn reveal_shows_the_value_but_in_sarif() {
    let report = awkward();
    let value = String::from_utf8(report.findings[0].secret.expose().to_vec()).unwrap();
    for format in Format::ALL {
        let text = write(&report, format, View { reveal: true, color: false });
        assert_eq!(text.contains(&value), format.can_reveal(), "{}", format.as_str());
    }
}

#[test]
fn nothing_that_steers_a_terminal_is_written() {
    let report = awkward();
    for format in Format::ALL {
        for reveal in [false, true] {
            let text = write(&report, format, View { reveal, color: false });
            let steers = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(steers), "{}: {text:?}", format.as_str());
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(shown(&awkward(), format), shown(&awkward(), format));
    }
}

#[test]
fn a_secret_that_overlaps_another_or_is_cut_short_is_masked_whole() {
    let long = template::fill("tok_{base62:90}", 3).unwrap();
    let findings = vec![
        finding(1, token_rule(), long.as_bytes(), vec![(place("a", 1, 1, 95), "tok_…".into())]),
        finding(2, token_rule(), &long.as_bytes()[50..70], vec![(place("b", 1, 1, 21), "…".into())]),
    ];
    let notes = vec![
        format!("whole <{long}>"),
        format!("cut <{}>", &long[..80]),
        format!("inside <{}>", &long[45..72]),
    ];
    let report = Report { findings, notes, ..Report::default() };
    let text = shown(&report, Format::Human);
    assert!(text.contains("whole <tok_…>") && text.contains("cut <tok_…>"), "{text}");
    assert!(text.contains(&format!("inside <{}tok_…{}>", &long[45..50], &long[70..72])), "{text}");
}

#[test]
fn an_error_while_writing_is_returned() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let error = format.write(&awkward(), View::default(), &mut Full).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{}", format.as_str());
    }
}

proptest! {
    #[test]
    fn whatever_stands_around_it_a_secret_stays_hidden_and_the_form_valid(
        before in any::<Vec<u8>>(), after in any::<Vec<u8>>(), seed in any::<u64>(),
    ) {
        let secret = token(seed);
        let bytes = [&before, secret.as_bytes(), &after].concat();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut finding = finding(1, token_rule(), secret.as_bytes(), vec![(place(bytes.clone(), 1, 1, 34), text.clone())]);
        finding.evidence = Evidence::of(ProofLevel::Decoded).with("account", text.clone());
        let gap = Gap { path: BlobPath::new(bytes), reason: GapReason::Vanished, detail: text.clone() };
        let report = Report {
            purge_plan: false,
            findings: vec![finding],
            gaps: vec![gap.clone()],
            accepted_gaps: vec![gap],
            notes: vec![text],
            tally: Tally::default(),
        };
        let [human, json, jsonl, sarif] = Format::ALL.map(|format| write(&report, format, View::default()));
        for text in [&human, &json, &jsonl, &sarif] {
            prop_assert!(!text.contains(&secret), "{text}");
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        }
        let schema = schema("fixtures/schema/report-v1.schema.json");
        assert_valid(&schema, &json);
        jsonl.lines().for_each(|line| assert_valid(&schema, line));
        assert_valid(&self::schema("tests/schema/sarif-schema-2.1.0.json"), &sarif);
    }
}

/// The report as a person or a machine gets it by default; the version is not part of the sample.
fn shown(report: &Report, format: Format) -> String {
    write(report, format, View::default()).replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

fn write(report: &Report, format: Format, view: View) -> String {
    let mut out = vec![];
    format.write(report, view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn schema(path: &str) -> jsonschema::Validator {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &jsonschema::Validator, text: &str) {
    let value = serde_json::from_str(text).unwrap();
    let faults: Vec<String> =
        schema.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
}

/// The ways in which a value could slip out: as it is, base64, hex, percent-encoded.
fn forms(value: &[u8]) -> Vec<String> {
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let hex = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent = value.iter().map(|byte| format!("%{byte:02x}")).collect();
    let mut forms = vec![String::from_utf8_lossy(value).into_owned(), hex, percent];
    // Inside other text, base64 of the value starts at one of three offsets; the edges depend on what
    // stands beside it, and of a short value nothing else remains.
    for offset in 0..3 {
        let encoded = base64.encode([&vec![0; offset], value].concat());
        forms.extend(encoded.get(4..encoded.len() - 4).filter(|core| core.len() > 3).map(str::to_owned));
    }
    forms
}

fn awkward() -> Report {
    Report {
        purge_plan: false,
        findings: [tokens(), passwords()].concat(),
        gaps: vec![
            gap(
                &format!("backup/{}.pem", token(1)),
                GapReason::Unreadable,
                "Permission denied (os error 13)",
            ),
            gap("evil\u{1b}[2J\u{202e}txt.exe", GapReason::Unreadable, ""),
            gap("log.txt", GapReason::Changed, &format!("ended within {}", token(1))),
        ],
        accepted_gaps: vec![gap("huge.bin", GapReason::TooManyFindings, "more than 100000")],
        notes: vec![format!("unused entry: {}\nfake: all clear", token(1))],
        tally: Tally {
            files: 1234,
            bytes: 56_700_000,
            binary: 12,
            packed: 2,
            containers: 3,
            members: 1200,
            unpacked_bytes: 98_700_000,
            symlinks: 1,
            special: 1,
            ignored_entries: 40,
            excluded: 3,
            found: BTreeMap::from([("possible", 5), ("proven", 2)]),
            hidden: 4,
            ignored_inline: 1,
            ignored_by_file: 2,
            ignored_by_baseline: 3,
        },
    }
}

/// A token at several places, and another one in a file name with a line break and in a path that holds
/// the first.
fn tokens() -> Vec<Finding> {
    let mut first = finding(
        3,
        token_rule(),
        token(1).as_bytes(),
        vec![
            (place("src/config.py", 12, 9, 34), "\ttoken = \"tok_…\"".into()),
            (place(format!("dump/{}/résumé #1.txt", token(1)), 3, 1, 34), "tok_…".into()),
            (place(b"caf\xe9/data".to_vec(), 7, 2, 34), "x=tok_… \u{202e}y=…".into()),
        ],
    );
    first.confidence = Confidence::Proven;
    first.evidence = Evidence::of(ProofLevel::Checksum).with("account", format!("octo of {}", token(1)));
    first.also = vec![Also { rule: "generic-secret", provider: "Example" }];
    let name = PlaceKind::Name;
    let second = finding(
        4,
        token_rule(),
        token(2).as_bytes(),
        vec![(
            Place { kind: name, ..place(format!("a\n{}:b.txt", token(2)), 1, 3, 34) },
            "a tok_…:b.txt".into(),
        )],
    );
    vec![first, second]
}

/// A guessable value, and one so short that only a path made of it is masked.
fn passwords() -> Vec<Finding> {
    let long = template::fill("{lower:9}", 4).unwrap();
    let short = template::fill("{lower:4}", 5).unwrap();
    vec![
        finding(
            5,
            password_rule(),
            long.as_bytes(),
            vec![(place(format!("{long}.env"), 1, 10, 9), "password=…".into())],
        ),
        finding(
            6,
            password_rule(),
            short.as_bytes(),
            vec![(place(format!("{short}/db.ini"), 2, 6, 4), "pass=…".into())],
        ),
    ]
}

fn token(seed: u64) -> String {
    template::fill("tok_{base62:30}", seed).unwrap()
}

fn finding(id: u64, rule: &'static Rule, secret: &[u8], places: Vec<(Place, String)>) -> Finding {
    Finding {
        id: FindingId(format!("{id:016x}")),
        rule,
        secret: Secret::new(secret),
        confidence: Confidence::Likely,
        strength: rule.strength,
        evidence: Evidence::of(ProofLevel::None),
        verdict: Verdict::NotAsked,
        nearby: vec![],
        owner: vec![],
        places,
        also: vec![],
    }
}

fn place(path: impl Into<Vec<u8>>, line: u64, column: u64, length: u64) -> Place {
    let start = line * 100 + column;
    Place {
        path: BlobPath::new(path),
        start,
        end: start + length,
        kind: PlaceKind::File,
        line,
        column,
        end_line: line,
        end_column: column + length,
        appearance: None,
    }
}

/// A place that was brought in twice and removed, by someone who left a token in their name.
fn past_place(path: &str) -> Place {
    let commit = |digit: &str, author: &str, date: &str| Commit {
        id: digit.repeat(40),
        author: author.into(),
        date: date.into(),
    };
    let author = format!("{} <ann@example.com>", token(1));
    let appearance = Appearance {
        introduced: Some(commit("a", &author, "2024-05-01T10:00:00Z")),
        introduced_again: 1,
        removed: Some(commit("b", "Bo <bo@example.com>", "2024-06-02T11:00:00Z")),
        object: "c".repeat(40),
        in_head: false,
        refs: vec!["refs/heads/main".into(), format!("refs/heads/{}", token(1))],
        more_refs: 3,
        novelty: None,
        objects: vec![],
    };
    Place { appearance: Some(Box::new(appearance)), ..place(path, 3, 5, 40) }
}

#[test]
fn places_in_history_tell_commits_and_refs_and_no_secret() {
    let lost = Appearance { object: "d".repeat(40), ..Appearance::default() };
    let lost = Place { appearance: Some(Box::new(lost)), ..place("lost.env", 1, 1, 40) };
    let secret = token(1);
    let places = vec![(past_place("old.env"), "TOKEN=tok_…".into()), (lost, "tok_…".into())];
    let report =
        Report { findings: vec![finding(1, token_rule(), secret.as_bytes(), places)], ..Report::default() };
    let human = shown(&report, Format::Human);
    let told = "  old.env:3:5\n    │ TOKEN=tok_…\n    since aaaaaaaaaaaa (2024-05-01, tok_… <ann@example.com>) · brought in again 1 time · removed in bbbbbbbbbbbb (2024-06-02, Bo <bo@example.com>) · in refs/heads/main, refs/heads/tok_… and 3 more\n  \
                lost.env:1:1\n    │ tok_…\n    in no commit; object dddddddddddddddddddddddddddddddddddddddd\n";
    assert!(human.contains(told), "{human}");
    let schema = schema("fixtures/schema/report-v1.schema.json");
    let json = shown(&report, Format::Json);
    assert_valid(&schema, &json);
    assert!(
        json.contains(&format!("\"removed\": {{\n            \"commit\": \"{}\"", "b".repeat(40))),
        "{json}"
    );
    for format in Format::ALL {
        assert!(!shown(&report, format).contains(&secret[4..]), "{} tells the secret", format.as_str());
    }
}

fn gap(path: &str, reason: GapReason, detail: &str) -> Gap {
    Gap { path: path.into(), reason, detail: detail.into() }
}

fn token_rule() -> &'static Rule {
    static RULE: Rule = Rule {
        id: "example-token",
        family: "example-token",
        name: "Example API token",
        category: "cloud",
        severity: Severity::Critical,
        risk: "Acts as its owner everywhere.",
        revoke_page: Some("https://example.com/tokens?tab=all"),
        docs: &["https://example.com/docs"],
        prefix: "tok_",
        strength: Strength::Random,
        max_len: 34,
        ..PLAIN
    };
    &RULE
}

fn password_rule() -> &'static Rule {
    static RULE: Rule = Rule {
        id: "example-password",
        family: "example-password",
        name: "Password",
        category: "database",
        severity: Severity::Medium,
        risk: "Opens the database.",
        strength: Strength::Weak,
        max_len: 64,
        ..PLAIN
    };
    &RULE
}

const PLAIN: Rule = Rule {
    id: "",
    family: "",
    provider: "Example",
    name: "",
    category: "",
    severity: Severity::Low,
    risk: "",
    revoke_page: None,
    docs: &[],
    source: "vendor-doc",
    pattern: "",
    promise: None,
    max_len: 0,
    prefix: "",
    specificity: Specificity::Prefix,
    confidence: Confidence::Likely,
    strength: Strength::Weak,
    anchors: &[],
    head: &[ByteSet::EMPTY],
    not_before: ByteSet::EMPTY,
    not_after: ByteSet::EMPTY,
    context: &[],
    proof: None,
    wrong_proof: WrongProof::Drops,
    claims: List::EMPTY,
    tells: List::EMPTY,
    needs_digit: false,
    needs_both_cases: false,
    drop_samples: true,
    files: &[],
    in_binary: true,
    endpoint: "example",
    parts: List::EMPTY,
    companions: List::EMPTY,
    login: None,
    verify: List::EMPTY,
    owner: List::EMPTY,
    revoke: List::EMPTY,
    examples: &[],
    near_misses: &[],
};
