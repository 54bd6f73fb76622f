//! Values bound to names that promise a secret, in the syntax of the file: `db_password = "..."`,
//! `<password>...</password>`, `--token ...`, `{name: DB_PASS, value: ...}`.
//!
//! No grammar of any language is kept here. What they have in common is: a name, a sign that binds, a literal; and
//! nothing that ends a statement in between.

mod forms;
mod language;
mod lead;
mod literal;
mod name;
mod pairs;
mod sign;
mod strings;

pub use language::Language;

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// A value and the name it is bound to, as byte offsets in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The whole name.
    pub name: Range<usize>,
    /// The value, without its quotes, not empty.
    pub value: Range<usize>,
    /// How the two are bound.
    pub syntax: Syntax,
}

/// How a value is bound to its name, from strong to weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// A string in quotes is assigned, or given under the name.
    Quoted,
    /// A setting without quotes, a parameter of a connection string or an address, an element, a flag.
    Bare,
    /// Something is compared with it, or takes it where nothing else is given.
    Compared,
    /// A sentence or a comment says so.
    Said,
}

impl Syntax {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Syntax::Quoted => "a string under the name",
            Syntax::Bare => "a bare value under the name",
            Syntax::Compared => "a string the name is compared with",
            Syntax::Said => "a sentence or a comment",
        }
    }
}

/// A value, and how it is bound.
type Value = (Range<usize>, Syntax);

/// How far after a name or a sign is looked for what belongs to it, in bytes.
const AFTER: usize = 320;

/// Largest cache of states of one pattern and thread, in bytes: they are small, and there are many.
const CACHE: usize = 128 * 1024;

fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).dfa_size_limit(CACHE).build().expect("the pattern is fixed")
}

/// Whether a value may be bound to a name whose telling words begin where this text does. Yes may be wrong, no is not.
#[inline]
pub fn may_bind(from_words: &[u8]) -> bool {
    forms::may_bind(&from_words[name::length(from_words)..])
}

/// The value that is bound to the name around the telling words at `words`.
pub fn bound(text: &[u8], words: Range<usize>, language: Language) -> Option<Binding> {
    let name = name::around(text, words)?;
    let (value, syntax) = match language {
        // Such files are written in every syntax; what stands in them is said to people.
        Language::Translation => (forms::value(text, &name, Language::Settings)?.0, Syntax::Said),
        _ => forms::value(text, &name, language)?,
    };
    (!value.is_empty()).then_some(Binding { name, value, syntax })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with the value of a text, which stands between `«` and `»`; without them nothing is bound.
    fn fault(path: &str, marked: &str) -> Option<String> {
        let text = marked.replace(['«', '»'], "");
        let expected = marked.find('«').map(|start| {
            let end = marked.find('»').unwrap() - '«'.len_utf8();
            start..end
        });
        let words = [
            "api_key",
            "api-key",
            "apiKey",
            "ApiKey",
            "password",
            "Password",
            "PASSWORD",
            "passwd",
            "PASS",
            "pass",
            "PWD",
            "pwd",
            "Pwd",
            "token",
            "TOKEN",
            "secret",
            "SECRET",
            "Authorization",
        ];
        let language = Language::of(&path.into());
        let bound = words
            .iter()
            .flat_map(|word| text.match_indices(word).map(|(at, _)| at..at + word.len()).collect::<Vec<_>>())
            .find_map(|at| bound(text.as_bytes(), at, language))
            .map(|binding| binding.value);
        (bound != expected).then(|| format!("{path}: {text}  {:?}", bound.map(|range| &text[range])))
    }

    #[test]
    fn no_text_is_too_odd() {
        let mut random = fastrand::Rng::with_seed(1);
        let pieces = [
            "password", "=", ":", " ", "\n", "\"", "'", "`", "<", ">", "/", "(", ")", "[", "]", "{", "}",
            "\\", "$", "-", ".", "x7", "value", "name", "|", "<<EOT", "#", "//", "\u{e9}", "Bearer ",
            "&quot;", "${X:-", "+", ",", "return ", "%q",
        ];
        for _ in 0..20_000 {
            let text: String =
                (0..random.usize(1..24)).map(|_| pieces[random.usize(..pieces.len())]).collect();
            for (at, word) in text.match_indices("password") {
                for path in ["a.py", "a.sh", "a.yml", "a.xml", "a.md", "a"] {
                    if let Some(found) =
                        bound(text.as_bytes(), at..at + word.len(), Language::of(&path.into()))
                    {
                        assert!(
                            found.value.start < found.value.end && found.value.end <= text.len(),
                            "{text:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn values_are_found_in_the_syntax_of_the_file() {
        let cases = [
            ("a.py", "password = \"«k7rT2»\"\n"),
            ("a.py", "password = '«k7\\'rT2»'\n"),
            ("a.py", "password = \"\"\"«k7rT2»\"\"\"\n"),
            ("a.py", "password: str = '«k7rT2»'\n"),
            ("a.py", "connect(user='joe', password='«k7rT2»')\n"),
            ("a.py", "os.environ['DB_PASSWORD'] = '«k7rT2»'\n"),
            ("a.py", "os.environ.get('DB_PASSWORD', '«k7rT2»')\n"),
            ("a.py", "password = os.getenv('X', '«k7rT2»')\n"),
            ("a.py", "password = os.getenv('X')\n"),
            ("a.py", "password = request.form['pw']\n"),
            ("a.py", "password = (\n    '«k7rT2»'\n)\n"),
            ("a.py", "if password == '«k7rT2»':\n"),
            ("a.js", "const password = `«k7rT2»`;\n"),
            ("a.js", "{ password: '«k7rT2»', user }\n"),
            ("a.js", "{ \"password\": \"«k7rT2»\" }\n"),
            ("a.js", "const token = process.env.TOKEN || '«k7rT2»';\n"),
            ("a.js", "const token = process.env.TOKEN;\n"),
            ("a.ts", "private password: string = '«k7rT2»';\n"),
            ("a.ts", "password: string;\n"),
            ("a.java", "String password = new String(\"«k7rT2»\");\n"),
            ("a.java", "config.setPassword(\"«k7rT2»\");\n"),
            ("a.java", "props.put(\"password\", \"«k7rT2»\");\n"),
            ("a.java", "if (password.equals(\"«k7rT2»\")) {\n"),
            ("a.java", "String url = \"jdbc:x:y;user=joe;password=«k7rT2»;ssl=true\";\n"),
            ("a.cs", "\"Server=db;User Id=joe;Password=«k7rT2»\"\n"),
            ("a.cs", "string password = @\"«k7rT2»\";\n"),
            ("a.go", "Password: \"«k7rT2»\",\n"),
            ("a.go", "var password string = \"«k7rT2»\"\n"),
            ("a.go", "password := \"«k7rT2»\"\n"),
            ("a.rs", "let password: &str = \"«k7rT2»\";\n"),
            ("a.rs", "password: Some(\"«k7rT2»\".to_string()),\n"),
            ("a.rs", "password: String::from(\"«k7rT2»\"),\n"),
            ("a.rs", "let password = r#\"«k7rT2»\"#;\n"),
            ("a.rb", ":password => '«k7rT2»'\n"),
            ("a.rb", "token = ENV['TOKEN'] || '«k7rT2»'\n"),
            ("a.rb", "ENV.fetch('TOKEN', '«k7rT2»')\n"),
            ("a.php", "define('DB_PASSWORD', '«k7rT2»');\n"),
            ("a.php", "'password' => '«k7rT2»',\n"),
            ("a.php", "'password' => env('DB_PASSWORD', '«k7rT2»'),\n"),
            ("a.php", "$config['password'] = '«k7rT2»';\n"),
            ("a.php", "$password = $_POST['password'];\n"),
            ("a.c", "char password[] = \"«k7rT2»\";\n"),
            ("a.c", "#define PASSWORD \"«k7rT2»\"\n"),
            ("a.m", "NSString *password = @\"«k7rT2»\";\n"),
            ("a.tf", "variable \"db_password\" {\n  default = \"«k7rT2»\"\n}\n"),
            ("a.tf", "password = var.db_password\n"),
            ("a.yml", "password: «k7rT2»\n"),
            ("a.yml", "password: \"«k7rT2»\" # nobody\n"),
            ("a.yml", "password: «k7rT2» # nobody\n"),
            ("a.yml", "  - DB_PASSWORD=«k7rT2»\n"),
            ("a.yml", "- name: DB_PASSWORD\n  value: \"«k7rT2»\"\n"),
            ("a.yml", "- name: DB_PASSWORD\n  value: «k7rT2»\n"),
            ("a.yml", "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: x\n"),
            ("a.yml", "password: |\n  «k7rT2»\nport: 1\n"),
            ("a.yml", "password:\n  min: 8\n"),
            ("a.yml", "{user: joe, password: «k7rT2»}\n"),
            ("a.json", "{\"name\": \"DB_PASSWORD\", \"value\": \"«k7rT2»\"}\n"),
            ("a.json", "\"{\\\"password\\\":\\\"«k7rT2»\\\"}\"\n"),
            (".env", "DB_PASSWORD=«k7rT2»\n"),
            (".env", "DB_PASSWORD=\n"),
            (".env", "export DB_PASSWORD='«k7rT2»'\n"),
            ("a.ini", "password = «k7rT2 x»\n"),
            ("a.xml", "<password>«k7rT2»</password>\n"),
            ("a.xml", "<db password=\"«k7rT2»\"/>\n"),
            ("a.xml", "<add key=\"Password\" value=\"«k7rT2»\"/>\n"),
            ("a.xml", "<property name=\"password\" value=\"«k7rT2»\"/>\n"),
            ("a.xml", "<string name=\"api_key\">«k7rT2»</string>\n"),
            ("a.xml", "<property><name>password</name><value>«k7rT2»</value></property>\n"),
            ("a.html", "<input type=\"hidden\" name=\"token\" value=\"«k7rT2»\">\n"),
            ("a.html", "<input value=\"«k7rT2»\" name=\"token\">\n"),
            ("a.html", "<label for=\"password\">Your words</label>\n"),
            ("a.sh", "mysql --password=«k7rT2» -h db\n"),
            ("a.sh", "tool --password «k7rT2» x\n"),
            ("a.sh", "PGPASSWORD=«k7rT2» psql\n"),
            ("a.sh", "curl -H \"x-api-key: «k7rT2»\" x\n"),
            ("a.sh", "curl \"https://x.y/z?token=«k7rT2»&b=1\"\n"),
            ("a.sh", "PASSWORD=\"${PASSWORD:-«k7rT2»}\"\n"),
            ("a.ps1", "$password = \"«k7rT2»\"\n"),
            ("a.bat", "set PASSWORD=«k7rT2»\n"),
            ("Dockerfile", "ENV DB_PASSWORD «k7rT2»\n"),
            ("Dockerfile", "ENV DB_PASSWORD=«k7rT2»\n"),
            ("a.js", "headers: { Authorization: 'Bearer «k7rT2»' }\n"),
            ("a.js", "headers: { 'Authorization': `Bearer «${token}»` }\n"),
            ("a.http", "Authorization: Bearer «k7rT2»\n"),
            ("a.py", "# password: «k7rT2»\n"),
            ("a.js", "// the password is «k7rT2».\n"),
            ("a.md", "The password is `«k7rT2»`.\n"),
            ("a.md", "log in with password «k7rT2»\n"),
            ("a.md", "| password | «k7rT2» |\n"),
            ("a.md", "**Password:** «k7rT2»\n"),
            ("a.py", "password = input\n"),
            ("a.py", "print('password: ', password)\n"),
            ("a.js", "f(password, 'k7rT2')\n"),
            ("a.js", "case 'password': return 'x1';\n"),
            ("a.js", "url('x:auth:userpass:k7-2.0')\n"),
            ("a.cs", "Add(\"overlay=action=pass:repeat=0\");\n"),
            ("a.yml", "  parse-passwd@1.0.0:\n"),
            ("a.yml", "(dict \"key\" \"password\" \"length\" 10)\n"),
            ("a.lock", "\"x-password\": \"«^1.10.0»\"\n    \"x-tracing\": \"^1.3.0\"\n"),
            ("a.sh", "[ \"$PWD\" = \"k7rT2\" ]\n"),
            ("a.cs", "\"UID=sa;PWD=«k7rT2»\"\n"),
            ("a.md", "pass `--quiet7` to it\n"),
            ("a.md", "the pass is `«k7rT2»`\n"),
            ("a", "Authorization: Digest «username=\"x\", realm=\"k7rT2\"»\n"),
        ];
        let faults: Vec<String> = cases.iter().filter_map(|(path, marked)| fault(path, marked)).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
