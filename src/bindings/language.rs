//! What sort of text a file is, as far as it decides how values are written in it.

use crate::model::BlobPath;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Literals stand in quotes; what has none is an expression.
    Code,
    /// Words of commands and variables; quotes are a matter of taste.
    Shell,
    /// A setting a line, its value with or without quotes.
    Settings,
    /// Elements and attributes.
    Markup,
    /// Sentences.
    Prose,
    /// What an interface says, by keys: under a telling one stands its word in some language.
    Translation,
    /// Not known: any of these.
    Unknown,
}

const CODE: &[&str] = &[
    "adb",
    "ads",
    "aspx",
    "bas",
    "bicep",
    "c",
    "cc",
    "cjs",
    "clj",
    "cljs",
    "coffee",
    "cpp",
    "cr",
    "cs",
    "cshtml",
    "cxx",
    "d",
    "dart",
    "edn",
    "erl",
    "ex",
    "exs",
    "f90",
    "fs",
    "fsx",
    "go",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "har",
    "hcl",
    "hpp",
    "hrl",
    "hs",
    "ipynb",
    "java",
    "jl",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsonnet",
    "jsx",
    "kt",
    "kts",
    "less",
    "libsonnet",
    "lua",
    "m",
    "map",
    "mjs",
    "ml",
    "mm",
    "mts",
    "nim",
    "nix",
    "pas",
    "perl",
    "php",
    "php3",
    "php5",
    "phtml",
    "pl",
    "plsql",
    "pm",
    "proto",
    "py",
    "pyi",
    "pyw",
    "r",
    "rake",
    "rb",
    "rs",
    "sbt",
    "scala",
    "scss",
    "sol",
    "sql",
    "svelte",
    "swift",
    "t",
    "tcl",
    "tf",
    "tfstate",
    "tfvars",
    "toml",
    "ts",
    "tsx",
    "vb",
    "vba",
    "vbs",
    "vue",
    "zig",
];

const SHELL: &[&str] =
    &["bash", "bat", "cmd", "csh", "expect", "fish", "ksh", "ps1", "psd1", "psm1", "sh", "tcsh", "zsh"];

const SETTINGS: &[&str] = &[
    "cfg",
    "cnf",
    "conf",
    "config",
    "credentials",
    "desktop",
    "dockerfile",
    "env",
    "http",
    "inf",
    "ini",
    "mk",
    "ovpn",
    "properties",
    "reg",
    "rest",
    "service",
    "txtpb",
    "yaml",
    "yml",
];

const MARKUP: &[&str] = &[
    "ascx", "axml", "csproj", "ejs", "erb", "ftl", "haml", "hbs", "htm", "html", "jmx", "jsp", "jspx",
    "master", "nuspec", "plist", "pom", "props", "pubxml", "resx", "svg", "targets", "twig", "wsdl", "xaml",
    "xhtml", "xml", "xsd", "xsl", "xslt",
];

const PROSE: &[&str] = &[
    "adoc", "asciidoc", "eml", "log", "markdown", "md", "mdx", "mkd", "org", "po", "pod", "pot", "rdoc",
    "rst", "tex", "textile", "txt", "wiki",
];

/// Files whose whole names tell, in lower case.
const NAMES: &[(&str, Language)] = &[
    ("changelog", Language::Prose),
    ("containerfile", Language::Shell),
    ("dockerfile", Language::Shell),
    ("gemfile", Language::Code),
    ("jenkinsfile", Language::Code),
    ("makefile", Language::Settings),
    ("procfile", Language::Shell),
    ("rakefile", Language::Code),
    ("readme", Language::Prose),
    ("vagrantfile", Language::Code),
];

impl Language {
    /// That of a file, by its name and its folders.
    pub fn of(path: &BlobPath) -> Language {
        if is_translation(path) {
            return Language::Translation;
        }
        let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
        if let Some((_, language)) = NAMES.iter().find(|(known, _)| {
            name.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && !rest.contains(".md"))
        }) {
            return *language;
        }
        if name.starts_with(".env") || name.contains(".env.") {
            return Language::Settings;
        }
        let endings = name.rsplit('.').take(2).skip_while(|end| {
            ["bak", "dist", "example", "j2", "old", "orig", "sample", "template", "tmpl", "tpl"].contains(end)
        });
        let Some(ending) = endings.into_iter().next().filter(|ending| ending.len() < name.len()) else {
            return Language::Unknown;
        };
        let all = [
            (CODE, Language::Code),
            (SHELL, Language::Shell),
            (SETTINGS, Language::Settings),
            (MARKUP, Language::Markup),
            (PROSE, Language::Prose),
        ];
        all.into_iter()
            .find(|(endings, _)| endings.contains(&ending))
            .map_or(Language::Unknown, |(_, language)| language)
    }
}

/// Folders of translations.
const TRANSLATIONS: &[&str] =
    &["i18n", "l10n", "lang", "langs", "languages", "locale", "locales", "translation", "translations"];

/// Whether a file holds what an interface says, in one language or another.
fn is_translation(path: &BlobPath) -> bool {
    let path = path.to_lossy().to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    folders.split('/').any(|folder| TRANSLATIONS.contains(&folder))
        || name.starts_with("messages_")
        || name.starts_with("messages.")
        || name == "strings.xml"
        || [".strings", ".arb", ".ftl", ".resx", ".xlf", ".xliff", ".po"]
            .iter()
            .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_file_is() {
        for (path, language) in [
            ("src/main.rs", Language::Code),
            ("a/b.PY", Language::Code),
            ("deploy/Dockerfile", Language::Shell),
            ("Dockerfile.prod", Language::Shell),
            (".env", Language::Settings),
            (".env.production", Language::Settings),
            ("prod.env", Language::Settings),
            ("values.yaml", Language::Settings),
            ("config.php.dist", Language::Code),
            ("database.yml.example", Language::Settings),
            ("web.config", Language::Settings),
            ("pom.xml", Language::Markup),
            ("README", Language::Prose),
            ("README.md", Language::Prose),
            ("notes.txt", Language::Prose),
            ("id_rsa", Language::Unknown),
            ("x.weird", Language::Unknown),
            ("app/locales/de.json", Language::Translation),
            ("src/messages_hu.properties", Language::Translation),
        ] {
            assert_eq!(Language::of(&path.into()), language, "{path}");
        }
    }

    #[test]
    fn endings_are_sorted_and_stand_once() {
        let mut all: Vec<&str> = vec![];
        for list in [CODE, SHELL, SETTINGS, MARKUP, PROSE] {
            assert!(list.is_sorted_by(|a, b| a < b) || list.len() < 2, "{list:?}");
            all.extend(list);
        }
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
