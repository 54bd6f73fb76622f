//! Twenty sorts of text in which tokens leak, and how each writes a name and a value.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::ops::Range;

/// A sort of text.
pub(crate) struct Surrounding {
    pub(crate) name: &'static str,
    /// Name of a file of that sort.
    pub(crate) file: &'static str,
    /// How names are spelled there.
    pub(crate) spelling: Spelling,
    /// Ways to write a value. The first that can hold it is taken; a value that none can hold does not
    /// stand in such a text.
    forms: &'static [Form],
}

/// A way to write a value.
struct Form {
    /// The file, with `{name}` and `{value}`.
    text: &'static str,
    /// What cannot be written this way.
    never: &'static [char],
    /// What is written otherwise.
    escapes: &'static [(char, &'static str)],
}

#[derive(Clone, Copy)]
pub(crate) enum Spelling {
    Snake,
    Screaming,
    Camel,
    Kebab,
    Train,
}

/// A text and where the secret stands in it.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) secret: Range<usize>,
}

/// In a string between double quotes, as C writes it.
const DOUBLE: &[(char, &str)] = &[('\\', r"\\"), ('"', "\\\""), ('\n', r"\n")];

pub(crate) const SURROUNDINGS: &[Surrounding] = &[
    Surrounding {
        name: "Python",
        file: "config.py",
        spelling: Spelling::Snake,
        forms: &[
            Form { text: "import os\n\n{name} = \"{value}\"\n", never: &['"', '\\', '\n'], escapes: &[] },
            Form { text: "import os\n\n{name} = r'''{value}'''\n", never: &['\''], escapes: &[] },
            Form { text: "import os\n\n{name} = r\"\"\"{value}\"\"\"\n", never: &['"'], escapes: &[] },
        ],
    },
    Surrounding {
        name: "JSON",
        file: "settings.json",
        spelling: Spelling::Camel,
        forms: &[Form {
            text: "{\n  \"port\": 8080,\n  \"{name}\": \"{value}\"\n}\n",
            never: &[],
            escapes: DOUBLE,
        }],
    },
    Surrounding {
        name: "YAML",
        file: "values.yaml",
        spelling: Spelling::Camel,
        forms: &[
            Form {
                text: "app:\n  {name}: {value}\n  port: 80\n",
                never: &[' ', '\n', '"', '\'', '{', '#', '*'],
                escapes: &[],
            },
            Form {
                text: "app:\n  {name}: \"{value}\"\n  port: 80\n",
                never: &['\n', '"', '\\'],
                escapes: &[],
            },
            Form {
                text: "app:\n  {name}: |\n    {value}\n  port: 80\n",
                never: &[],
                escapes: &[('\n', "\n    ")],
            },
        ],
    },
    Surrounding {
        name: "dotenv",
        file: ".env",
        spelling: Spelling::Screaming,
        forms: &[
            Form {
                text: "PORT=80\n{name}={value}\nDEBUG=0\n",
                never: &[' ', '\n', '"', '\'', '#', '$', '\\'],
                escapes: &[],
            },
            Form { text: "PORT=80\n{name}=\"{value}\"\nDEBUG=0\n", never: &['$'], escapes: DOUBLE },
        ],
    },
    Surrounding {
        name: "TOML",
        file: "config.toml",
        spelling: Spelling::Snake,
        forms: &[
            Form { text: "[app]\n{name} = \"{value}\"\n", never: &['"', '\\', '\n'], escapes: &[] },
            Form { text: "[app]\n{name} = '''\n{value}'''\nport = 80\n", never: &['\''], escapes: &[] },
            Form { text: "[app]\n{name} = \"{value}\"\n", never: &[], escapes: DOUBLE },
        ],
    },
    Surrounding {
        name: "XML",
        file: "web.config",
        spelling: Spelling::Kebab,
        forms: &[
            Form {
                text: "<appSettings>\n  <add key=\"{name}\" value=\"{value}\" />\n</appSettings>\n",
                never: &['"', '<', '>', '\n'],
                escapes: &[('&', "&amp;")],
            },
            Form {
                text: "<appSettings>\n  <{name}><![CDATA[{value}]]></{name}>\n</appSettings>\n",
                never: &[],
                escapes: &[],
            },
        ],
    },
    Surrounding {
        name: "properties",
        file: "application.properties",
        spelling: Spelling::Kebab,
        forms: &[Form {
            text: "server.port=80\napp.{name}={value}\n",
            never: &[],
            escapes: &[('\\', r"\\"), ('\n', "\\n\\\n")],
        }],
    },
    Surrounding {
        name: "Go",
        file: "main.go",
        spelling: Spelling::Camel,
        forms: &[
            Form {
                text: "package main\n\nconst {name} = \"{value}\"\n",
                never: &['"', '\\', '\n'],
                escapes: &[],
            },
            Form { text: "package main\n\nvar {name} = `{value}`\n", never: &['`'], escapes: &[] },
        ],
    },
    Surrounding {
        name: "Java",
        file: "Config.java",
        spelling: Spelling::Screaming,
        forms: &[Form {
            text: "class Config {\n    private static final String {name} = \"{value}\";\n}\n",
            never: &[],
            escapes: &[('\\', r"\\"), ('"', "\\\""), ('\n', "\\n\" +\n        \"")],
        }],
    },
    Surrounding {
        name: "JavaScript",
        file: "config.js",
        spelling: Spelling::Camel,
        forms: &[
            Form { text: "const {name} = '{value}';\n", never: &['\'', '\\', '\n'], escapes: &[] },
            Form { text: "const {name} = `{value}`;\n", never: &['`', '\\', '$'], escapes: &[] },
            Form { text: "const {name} = \"{value}\";\n", never: &[], escapes: DOUBLE },
        ],
    },
    Surrounding {
        name: "minified JavaScript",
        file: "app.min.js",
        spelling: Spelling::Camel,
        forms: &[Form {
            text: "!function(){var a=1,b={{name}:\"{value}\",c:!0};function d(){return b}e(d,a)}();",
            never: &[],
            escapes: DOUBLE,
        }],
    },
    Surrounding {
        name: "shell",
        file: "deploy.sh",
        spelling: Spelling::Screaming,
        forms: &[
            Form {
                text: "#!/bin/sh\nexport {name}={value}\nmake deploy\n",
                never: &[' ', '\n', '"', '\'', '$', '\\', '&', ';', '(', ')', '*', '?', '~', '#', '{'],
                escapes: &[],
            },
            Form { text: "#!/bin/sh\nexport {name}='{value}'\nmake deploy\n", never: &['\''], escapes: &[] },
            Form {
                text: "#!/bin/sh\nexport {name}=\"{value}\"\nmake deploy\n",
                never: &['$', '`', '"', '\\'],
                escapes: &[],
            },
        ],
    },
    Surrounding {
        name: "Dockerfile",
        file: "Dockerfile",
        spelling: Spelling::Screaming,
        forms: &[
            Form {
                text: "FROM alpine\nENV {name}={value}\nRUN make\n",
                never: &[' ', '\n', '"', '\'', '$', '\\'],
                escapes: &[],
            },
            Form {
                text: "FROM alpine\nENV {name}='{value}'\nRUN make\n",
                never: &['\'', '\n'],
                escapes: &[],
            },
            Form {
                text: "FROM alpine\nCOPY <<EOF /{name}\n{value}\nEOF\nRUN make\n",
                never: &['$', '\\'],
                escapes: &[],
            },
        ],
    },
    Surrounding {
        name: "Terraform",
        file: "main.tf",
        spelling: Spelling::Snake,
        forms: &[
            Form {
                text: "provider \"acme\" {\n  {name} = \"{value}\"\n}\n",
                never: &['"', '\\', '\n'],
                escapes: &[],
            },
            Form {
                text: "provider \"acme\" {\n  {name} = <<-EOT\n    {value}\n  EOT\n}\n",
                never: &[],
                escapes: &[('\n', "\n    ")],
            },
        ],
    },
    Surrounding {
        name: "SQL",
        file: "dump.sql",
        spelling: Spelling::Snake,
        forms: &[Form {
            text: "INSERT INTO settings (id, name, value) VALUES (7, '{name}', '{value}');\n",
            never: &[],
            escapes: &[('\'', "''")],
        }],
    },
    Surrounding {
        name: "an address's parameter",
        file: "links.txt",
        spelling: Spelling::Snake,
        // What RFC 3986 lets stand in a query as it is; all else is percent-encoded.
        forms: &[Form {
            text: "GET https://api.acme.corp/v1/items?page=2&{name}={value}&sort=asc\n",
            never: &[
                ' ', '\n', '"', '\'', '<', '>', '\\', '^', '`', '{', '|', '}', '%', '#', '[', ']', '&', '+',
            ],
            escapes: &[],
        }],
    },
    Surrounding {
        name: "HTTP headers",
        file: "request.http",
        spelling: Spelling::Train,
        forms: &[Form {
            text: "GET /v1/items HTTP/1.1\nHost: api.acme.corp\n{name}: {value}\nAccept: */*\n\n",
            never: &['\n'],
            escapes: &[],
        }],
    },
    Surrounding {
        name: "Markdown",
        file: "NOTES.md",
        spelling: Spelling::Screaming,
        forms: &[
            Form { text: "# Set-up\n\nSet `{name}` to `{value}`.\n", never: &['\n', '`'], escapes: &[] },
            Form { text: "# Set-up\n\n{name}:\n\n```\n{value}\n```\n", never: &['`'], escapes: &[] },
        ],
    },
    Surrounding {
        name: "lines that end with CRLF",
        file: "settings.ini",
        spelling: Spelling::Snake,
        forms: &[Form {
            text: "[app]\r\nport=80\r\n{name}={value}\r\ndebug=0\r\n",
            never: &[],
            escapes: &[('\n', "\r\n")],
        }],
    },
    Surrounding {
        name: "a text without an end of line",
        file: "token",
        spelling: Spelling::Snake,
        forms: &[Form { text: "{name}={value}", never: &[], escapes: &[] }],
    },
];

impl Surrounding {
    /// The value, in which the secret stands, under that name; `None` where such a text cannot hold it.
    pub(crate) fn write(&self, name: &str, value: &str, secret: &Range<usize>) -> Option<Written> {
        let form = self.forms.iter().find(|form| !value.contains(form.never))?;
        Some(Written::of(&form.text.replace("{name}", name), value, secret, form.escapes))
    }

    /// The same for a value that is encoded already, in which `own` is what the text itself would write its characters
    /// with: nothing of it but line breaks is written otherwise.
    pub(crate) fn write_encoded(
        &self,
        name: &str,
        value: &str,
        secret: &Range<usize>,
        own: Option<char>,
    ) -> Option<Written> {
        let is_own = |letter: &char| Some(*letter) == own;
        let changes = |form: &Form| {
            let escapes = form.escapes.iter().map(|(plain, _)| plain).filter(|plain| **plain != '\n');
            let others = form.never.iter().chain(escapes).filter(|letter| !is_own(letter));
            others.copied().any(|letter| value.contains(letter))
        };
        let form = self.forms.iter().find(|form| !changes(form))?;
        let is_break = |plain: &char| *plain == '\n' && !is_own(plain);
        let breaks: Vec<_> = form.escapes.iter().copied().filter(|(plain, _)| is_break(plain)).collect();
        Some(Written::of(&form.text.replace("{name}", name), value, secret, &breaks))
    }

    /// An expression in the place of a literal.
    pub(crate) fn write_expression(&self, name: &str, value: &str, secret: &Range<usize>) -> Written {
        let text = self.forms[0].text.replace("{name}", name);
        let text = text.replace("\"{value}\"", "{value}").replace("'{value}'", "{value}");
        Written::of(&text, value, secret, &[])
    }
}

impl Written {
    /// The value in the place of `{value}`, escaped.
    pub(crate) fn of(text: &str, value: &str, secret: &Range<usize>, escapes: &[(char, &str)]) -> Written {
        let (before, after) = text.split_once("{value}").unwrap();
        let start = before.len() + escaped(&value[..secret.start], escapes).len();
        let end = start + escaped(&value[secret.clone()], escapes).len();
        Written { text: [before, &escaped(value, escapes), after].concat(), secret: start..end }
    }
}

fn escaped(value: &str, escapes: &[(char, &str)]) -> String {
    let mut out = String::new();
    for letter in value.chars() {
        match escapes.iter().find(|(plain, _)| *plain == letter) {
            Some((_, escape)) => out.push_str(escape),
            None => out.push(letter),
        }
    }
    out
}

/// A name of words joined by `-` or `_`, as it is spelled elsewhere.
pub(crate) fn spelled(name: &str, spelling: Spelling) -> String {
    let words: Vec<&str> = name.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    match spelling {
        Spelling::Snake => words.join("_"),
        Spelling::Screaming => words.join("_").to_ascii_uppercase(),
        Spelling::Kebab => words.join("-"),
        Spelling::Camel => {
            words[0].to_owned() + &words[1..].iter().map(|word| capital(word)).collect::<String>()
        }
        Spelling::Train => words.iter().map(|word| capital(word)).collect::<Vec<_>>().join("-"),
    }
}

fn capital(word: &str) -> String {
    word[..1].to_ascii_uppercase() + &word[1..]
}
