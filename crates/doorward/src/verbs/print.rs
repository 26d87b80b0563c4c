//! An answer onto standard output, in the form that was asked for.

use std::io::{BufWriter, Write, stdout};

use anyhow::Result;
use serde::Serialize;

use crate::cli::Output;

/// Prints an answer, as JSON, YAML, or what `table` makes of it.
pub(crate) fn print<T: Serialize + ?Sized>(
    answer: &T,
    output: Output,
    table: impl FnOnce(&T) -> String,
) -> Result<()> {
    // Standard output by itself is written line by line.
    let mut out = BufWriter::new(stdout().lock());
    match output {
        Output::Table => out.write_all(table(answer).as_bytes())?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut out, answer)?;
            out.write_all(b"\n")?;
        }
        Output::Yaml => out.write_all(yaml_serde::to_string(answer)?.as_bytes())?,
    }
    Ok(out.flush()?)
}
