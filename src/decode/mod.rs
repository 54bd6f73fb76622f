//! Encodings: how stored bytes become text, and how places in the text become places in the bytes.

pub mod utf16;
