//! What stands in the place of a value: variables, templates, calls, names of vaults, words of documentation.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Manner, regex, words};
use crate::proofs;

/// Ciphertexts of tools that keep secrets encrypted beside the code: SOPS, jasypt, Spring Cloud, Ansible, dotenvx, AWS
/// KMS, Jenkins, Maven, SealedSecrets, DPAPI, Vault's transit engine, Travis.
static ENCRYPTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:ENC[\[(]|\{cipher\}|\$ANSIBLE_VAULT|encrypted:|AQICAH|AQECAH|\{AQ[A-Za-z0-9+/]|\{[A-Za-z0-9+/=]{20,}\}$|AgB[A-Za-z0-9+/]{60}|01000000d08c9ddf|vault:v\d+:|!vault|secure:|\{(?:bcrypt|pbkdf2|scrypt|argon2|sha256|SSHA|SHA|CRYPT|MD5)[@\w]*\}|\$2[aby]?\$|\$argon2|\$[156y]\$|\$pbkdf2|pbkdf2[:_(]|scrypt:|bcrypt)",
    )
});

/// Names of where a value is kept.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:
        (?:op|sm|ssm|vault|gcp-?sm|awssm|doppler|bw|keychain|keyring|azurekv|akv|env|file|classpath|resource|ref\+\w+|secret|aws-secret|parameter-?store)[:/]
        | arn:aws | projects/[^/]+/secrets/ | @Microsoft\.KeyVault\( | ssm: | Ref: | !(?:Ref|Sub|GetAtt|ImportValue|Join|reference|secret|env_var|ENV|env)\b
        | (?:var|local|locals|data|module|vars|secrets|env|inputs|params|parameters|steps|needs|github|matrix|self|this|config|settings|process|os|sys|app|conf|props|options|opts|args|argv|request|req|ctx|context|Values|values|random_\w+|aws_\w+|azurerm_\w+|google_\w+)\.[A-Za-z_]
        | credentials\( | lookup\( | hiera\( | \.Values
        )",
    )
});

/// Expressions of code: calls, indices, concatenations.
static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:
        [A-Za-z_$@][\w.$:>-]*\(.*\)?;?$          # f(x), a.b(c)
        | [A-Za-z_$][\w.$]*(?:\[[^\]]*\])*\[[^\]]*\]?;?$  # a[b][c]
        | !\d\b.*
        | (?:new|await|yield|not|lambda|function|async|return|typeof|sizeof)\b.*
        | &?[A-Za-z_]\w*[;,]$
        | <[^<>]*>?$ | \(.*\)$ | \[.*\]?$
        | .*(?:\+\s|\s\+|=>|&&|\|\||::|\);).*
        )$",
    )
});

/// Templates and formats anywhere in a value.
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?x)
        \$\{ | \$\( | \{\{ | \}\} | \{\[ | \{% | <% | %> | \#\{ | \#\[ | \[\[ | %\( | %\{ | <[A-Za-z][^<>]*> | \$\[ | \\\(
        | ^\\?[$&%]\$?[A-Za-z_]\w*[,;)]*$ | ^\$[A-Z_]+ | ^@[A-Z_]{4,}$ | ^@[({] | ^["']\x20*[.+] | [.+]\x20*["']$ | ^%[A-Za-z_]\w*%$ | ^![A-Z_]+!$ | ^@[A-Za-z_.]+@$ | ^__\w+__$ | ^:[a-z_]+$ | ^\?$ | ^%[sdvqi]$ | %[sdv]\b
        | \[\^ | \(\? | \\[dwsb][+*?{\])] | \.[*+][?)$]
        | ^\{[A-Za-z_0-9.]*\}$ | \{\w*\} | ^\$\w+->
        | %\[\d+\][a-z] | /\$\w | ^`\x20*[.+] | \\"\x20*[=:] | \]\(
        "#,
    )
});

/// Words that say that a value is to be put here, or none was meant.
static TOLD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)
        ^(?:your|my|insert|enter|add|put|paste|replace|change|set|use|fill|the|a|an|some|any|new|old|this|no|not)[-_ ]\w.*$
        | (?:^|[-_ .])(?:here|goes[-_]here|example|sample|dummy|fake|mock|placeholder|redacted|changeme|change[-_]?it|replace[-_]?me|todo|fixme|tbd|invalid|notreal|not-?a-?real\w*|testing|todo)(?:$|[-_ .!])
        | ^(?:example|sample|dummy|fake|mock|placeholder|invalid|bogus|redacted|hidden|masked)
        | (?:example|placeholder|dummy|sample)$
        | your[-_]?(?:\w+[-_]?)?(?:password|passwd|secret|token|key|pass) | (?:password|secret|token|key)[-_]?(?:here|goes)
        | x{4,} | \*{3,} | \.{3} | …| (?:•){3} | \#{4,} | -{5,} | _{5,} | 1234567 | abcdefg
        ",
    )
});

/// Words of programs and forms that stand under such names and are no password.
const VOCABULARY: &[&str] = &[
    "absent",
    "access",
    "accesskey",
    "account",
    "active",
    "admin",
    "aes",
    "always",
    "any",
    "apikey",
    "app",
    "argon2",
    "array",
    "auth",
    "authenticated",
    "authentication",
    "authorization",
    "auto",
    "autocomplete",
    "aws",
    "azure",
    "base64",
    "basic",
    "bcrypt",
    "bearer",
    "binary",
    "blob",
    "body",
    "bool",
    "boolean",
    "both",
    "bytes",
    "cert",
    "char",
    "clear",
    "client",
    "code",
    "config",
    "confirm",
    "confirmation",
    "confirmed",
    "contrasena",
    "cookie",
    "credential",
    "credentials",
    "current",
    "data",
    "database",
    "default",
    "denied",
    "digest",
    "disable",
    "disabled",
    "email",
    "empty",
    "enable",
    "enabled",
    "encrypted",
    "env",
    "environment",
    "error",
    "expired",
    "external",
    "fail",
    "failed",
    "false",
    "field",
    "file",
    "filled",
    "force",
    "form",
    "formdata",
    "global",
    "guest",
    "hash",
    "header",
    "headers",
    "hidden",
    "hmac",
    "hook",
    "host",
    "http",
    "https",
    "identity",
    "ignore",
    "implicit",
    "incorrect",
    "info",
    "inherit",
    "input",
    "integer",
    "internal",
    "invalid",
    "issuer",
    "json",
    "jwt",
    "kennwort",
    "key",
    "keyboard",
    "keyword",
    "ldap",
    "literal",
    "local",
    "localhost",
    "login",
    "lookup",
    "mandatory",
    "manual",
    "masked",
    "master",
    "match",
    "matches",
    "md5",
    "memory",
    "missing",
    "mixed",
    "motdepasse",
    "name",
    "never",
    "new",
    "nil",
    "none",
    "null",
    "nullable",
    "number",
    "oauth",
    "object",
    "off",
    "old",
    "optional",
    "other",
    "parole",
    "pass",
    "passcode",
    "passive",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "passwort",
    "path",
    "pattern",
    "pin",
    "pkce",
    "plain",
    "plaintext",
    "post",
    "present",
    "private",
    "prompt",
    "protected",
    "public",
    "pwd",
    "query",
    "random",
    "raw",
    "readonly",
    "refresh",
    "regex",
    "remote",
    "rename",
    "required",
    "reset",
    "response",
    "root",
    "rsa",
    "salt",
    "scope",
    "secret",
    "secretkey",
    "secrets",
    "secure",
    "self",
    "senha",
    "sensitive",
    "server",
    "service",
    "session",
    "sha1",
    "sha256",
    "sha512",
    "shared",
    "show",
    "signature",
    "signing",
    "simple",
    "ssh",
    "standard",
    "static",
    "str",
    "string",
    "strong",
    "submit",
    "success",
    "symbol",
    "system",
    "text",
    "textarea",
    "textfield",
    "textinput",
    "title",
    "token",
    "tokens",
    "true",
    "type",
    "typeof",
    "undefined",
    "unknown",
    "unset",
    "update",
    "use",
    "user",
    "username",
    "users",
    "uuid",
    "valid",
    "value",
    "values",
    "var",
    "varchar",
    "variable",
    "view",
    "void",
    "wachtwoord",
    "weak",
    "write",
    "wrong",
    "yes",
];

pub(super) fn is_encrypted(text: &str) -> bool {
    ENCRYPTED.is_match(text.as_bytes())
}

/// Whether the value itself stands elsewhere.
pub(super) fn is_reference(text: &str, manner: Manner) -> bool {
    let is_spelled = || words::evidence(text.as_bytes()) < SPELLED;
    TEMPLATE.is_match(text.as_bytes())
        || manner == Manner::Bare && text.starts_with(['(', '[', '{'])
        || ELSEWHERE.is_match(text.as_bytes())
        || proofs::is_reference(text) && !text.starts_with('$')
        || manner != Manner::Quoted
            && (EXPRESSION.is_match(text.as_bytes()) || is_member(text) && is_spelled())
        || manner == Manner::Quoted && is_call(text)
        || is_address(text)
        || is_file(text) && is_spelled()
        || is_path(text)
        || is_variable(text)
}

/// Fewer bits of chance than this, and a text is made of names.
const SPELLED: f32 = 8.0;

/// A member of something: `a.b.c`.
fn is_member(text: &str) -> bool {
    static MEMBER: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^[A-Za-z_$]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+;?$"));
    MEMBER.is_match(text.as_bytes())
}

fn is_call(text: &str) -> bool {
    static CALL: LazyLock<Regex> = LazyLock::new(|| regex(r"^[A-Za-z_$][\w.$:>-]*\([^()]*\)$"));
    CALL.is_match(text.as_bytes())
}

/// The name of a variable or a constant that holds such a value: `DB_PASSWORD`.
fn is_variable(text: &str) -> bool {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?:[A-Z][A-Z0-9%]*_)+[A-Z0-9]*(?:PASS|PWD|SECRET|TOKEN|KEY|CRED|AUTH)[A-Z0-9_]*$|^(?:[A-Z]+_){2,}[A-Z]+$",
        )
    });
    text.split(',').all(|name| VARIABLE.is_match(name.as_bytes()))
}

/// The address of something, without a user in it.
fn is_address(text: &str) -> bool {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:https?://|ldaps?://|ssh://|wss?://|tcp://|unix:|file:|git@|urn:|data:|chrome://|jdbc:\w+|mailto:)",
        )
    });
    ADDRESS.is_match(text.as_bytes())
}

/// A path, or the name of a file.
fn is_file(text: &str) -> bool {
    static FILE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?xi)^(?:\.{0,2}/|~/|[a-z]:[\\/]|\\\\)
            | ^[\w.-]+(?:/[\w.-]+)+/?$
            | \.(?:pem|key|p12|pfx|crt|cer|jks|json|ya?ml|txt|keystore|keytab|env|conf|cfg|ini|properties|xml|html?|php|js|ts|go|py|rb|md|asc|gpg|pub|so|dll|png|svg)$",
        )
    });
    FILE.is_match(text.as_bytes()) && !text.contains(['+', '='])
}

/// A path that no chance wrote, whatever its parts are called: where it begins, or how it ends, tells.
fn is_path(text: &str) -> bool {
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"^(?:~|\.{1,2})/[\w.@/-]+$|^/?(?:[\w.@-]+/){2,}[\w.@-]*\.[a-z][0-9a-z]{1,7}$")
    });
    PATH.is_match(text.as_bytes())
}

/// Whether a value repeats what its name says: `vault-client-password-1`.
pub(super) fn repeats_name(text: &str) -> bool {
    static TELLING: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)passw(?:or)?d|passphrase|secret|token|api[-_]?key|credential|kennwort"));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_mixed =
        digits >= 2 && text.bytes().any(|byte| byte.is_ascii_uppercase() || b"!@#$%^&*?".contains(&byte));
    TELLING.is_match(text.as_bytes()) && !is_mixed && words::evidence(text.as_bytes()) < REPEATED
}

/// So many bits of chance outweigh that a value holds the word of its name.
const REPEATED: f32 = 30.0;

/// Whether words say that a value belongs here.
pub(super) fn is_placeholder(text: &str) -> bool {
    TOLD.is_match(text.as_bytes())
}

/// Whether the word is one of programs and forms.
pub(super) fn is_vocabulary(text: &str) -> bool {
    VOCABULARY.binary_search(&text.to_ascii_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_sorted() {
        assert!(VOCABULARY.is_sorted_by(|a, b| a < b));
    }
}
