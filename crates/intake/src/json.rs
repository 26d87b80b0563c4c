//! JSON as a stream: a lexer that cleans and redacts as it goes, a shorter way for what is written as
//! expected, a splitter that finds the records, and a reader of one cleaned value.

pub(crate) mod lexer;
pub(crate) mod scan;
pub(crate) mod splitter;
pub(crate) mod text;
pub(crate) mod value;
