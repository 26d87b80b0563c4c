//! How a text is written: what stands there always, and parts with names between.

use serde::Deserialize;

/// A text with named parts, `repo:{organisation}/{repository}`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Form {
    text: Box<str>,
    pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(Box<str>),
    Part(Box<str>),
}

/// A part of a text that fits a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part<'a> {
    /// What it is.
    pub(super) name: &'a str,
    /// What stands there.
    pub(super) text: &'a str,
    /// Where it ends in the text.
    pub(super) end: usize,
}

impl TryFrom<String> for Form {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = &*text;
        while let Some((before, after)) = rest.split_once('{') {
            let unclosed = || format!("`{text}` has a brace that is not closed; write a part as {{name}}");
            let (name, end) = after.split_once('}').ok_or_else(unclosed)?;
            if name.is_empty() || name.contains('{') {
                return Err(format!("`{text}` has a part without a name; write it as {{name}}"));
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            } else if matches!(pieces.last(), Some(Piece::Part(_))) {
                return Err(format!("`{text}` has two parts side by side; something must stand between"));
            }
            pieces.push(Piece::Part(name.into()));
            rest = end;
        }
        if rest.contains('}') {
            return Err(format!("`{text}` has a brace that is not opened; write a part as {{name}}"));
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        if pieces.is_empty() {
            return Err("a form is empty; say how the text is written".to_owned());
        }
        Ok(Self { text: text.into(), pieces })
    }
}

impl Form {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of its parts.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(name) => Some(&**name),
            Piece::Text(_) => None,
        })
    }

    /// The parts of a text, or of a pattern of texts, that is written so; nothing where it is not. Each part but the last
    /// ends where what follows it begins for the first time, and has no wildcard that could stand for several parts.
    pub(super) fn fit<'a>(&'a self, text: &'a str) -> Option<Vec<Part<'a>>> {
        let mut found = Vec::new();
        let (mut rest, mut open) = (text, None);
        for piece in &self.pieces {
            match (piece, open.take()) {
                (Piece::Part(name), _) => open = Some(&**name),
                (Piece::Text(own), None) => rest = rest.strip_prefix(&**own)?,
                (Piece::Text(own), Some(name)) => {
                    let (part, after) = rest.split_once(&**own).filter(|(part, _)| is_one(part))?;
                    found.push(Part { name, text: part, end: text.len() - rest.len() + part.len() });
                    rest = after;
                }
            }
        }
        match open {
            Some(name) => found.push(Part { name, text: rest, end: text.len() }),
            None if !rest.is_empty() => return None,
            None => {}
        }
        found.iter().all(|part| !part.text.is_empty()).then_some(found)
    }
}

/// Whether what stands in a pattern is one part. A wildcard beside a separator may stand for more.
fn is_one(part: &str) -> bool {
    !part.contains(['*', '?']) || !part.contains([':', '/'])
}

/// A text with parts put in by their names; a name that is none of them stays as it is.
pub(super) fn fill<'a>(text: &str, parts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    parts.fold(text.to_owned(), |text, (name, part)| text.replace(&format!("{{{name}}}"), part))
}
