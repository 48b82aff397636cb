//! A kernel as a function of the engine, so that a plan can name it.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryArray, cast::AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::NamedKernel;
use crate::frame::{self, Frame, Kind, MOST_BYTES};

/// The function of a kernel: one column of task frames in, one of answer frames out.
pub fn function(kernel: NamedKernel) -> Arc<ScalarUDF> {
    // Volatile, so that nobody works it out while planning.
    let signature = Signature::exact(vec![DataType::Binary], Volatility::Volatile);
    Arc::new(ScalarUDF::from(Function { kernel, signature }))
}

#[derive(Debug)]
struct Function {
    kernel: NamedKernel,
    signature: Signature,
}

// The name is the identity: where functions are placed in memory says nothing.
impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.kernel.name == other.kernel.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kernel.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.kernel.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let tasks = columns
            .first()
            .and_then(|column| column.as_binary_opt::<i32>())
            .ok_or_else(|| exec_datafusion_err!("{} takes one column of bytes", self.name()))?;
        let answers: Vec<Vec<u8>> = tasks
            .iter()
            .map(|task| answer(self.kernel, task.unwrap_or_default()))
            .collect::<Result<_>>()?;
        let answers: ArrayRef = Arc::new(BinaryArray::from_iter_values(answers));
        Ok(ColumnarValue::Array(answers))
    }
}

/// The answer frame of a task frame.
///
/// A kernel that refuses or stops is an answer too, not an error: an error would be tried again by the scheduler, and
/// would not say which task it was. Only bytes that did not arrive as they were sent are an error.
fn answer(kernel: NamedKernel, task: &[u8]) -> Result<Vec<u8>> {
    let frame =
        frame::read(task).map_err(|why| exec_datafusion_err!("a task cannot be read: {why}"))?;
    let answered = worked(kernel, &frame);
    Ok(match &answered {
        Ok(payload) => frame::write(Kind::Answer, frame.stamp, payload),
        Err(why) => frame::write(Kind::Failure, frame.stamp, why.as_bytes()),
    })
}

fn worked(kernel: NamedKernel, frame: &Frame<'_>) -> std::result::Result<Vec<u8>, String> {
    // Another version may cut blocks or weigh pairs in another way. The answer's own version tells the client.
    if frame.version != frame::VERSION {
        return Err(format!("it was sent by version {}", frame.version));
    }
    if frame.kind == Kind::Ping {
        return Ok(Vec::new());
    }
    let answer = catch_unwind(AssertUnwindSafe(|| (kernel.kernel)(frame.payload)))
        .unwrap_or_else(|cause| Err(format!("it stopped: {}", said(&*cause))))?;
    if answer.len() > MOST_BYTES {
        return Err(format!(
            "its answer is of {} bytes, and may have {MOST_BYTES}",
            answer.len()
        ));
    }
    Ok(answer)
}

/// What a panic said.
fn said(cause: &(dyn std::any::Any + Send)) -> &str {
    let text = cause.downcast_ref::<&str>().copied();
    text.or_else(|| cause.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Stamp;

    const STAMP: Stamp = Stamp {
        run: [7; 16],
        number: 3,
    };

    fn backwards(bytes: &[u8]) -> std::result::Result<Vec<u8>, String> {
        match bytes {
            b"no" => Err("no means no".to_owned()),
            b"stop" => panic!("at {} bytes", bytes.len()),
            _ => Ok(bytes.iter().rev().copied().collect()),
        }
    }

    const KERNEL: NamedKernel = NamedKernel {
        name: "backwards",
        kernel: backwards,
    };

    fn asked(kind: Kind, payload: &[u8]) -> (Kind, String) {
        let bytes = answer(KERNEL, &frame::write(kind, STAMP, payload)).unwrap();
        let frame = frame::read(&bytes).unwrap();
        assert_eq!(frame.stamp, STAMP);
        (
            frame.kind,
            String::from_utf8(frame.payload.to_vec()).unwrap(),
        )
    }

    #[test]
    fn a_task_is_answered_under_its_own_stamp() {
        assert_eq!(asked(Kind::Task, b"abc"), (Kind::Answer, "cba".to_owned()));
        assert_eq!(asked(Kind::Ping, b"no"), (Kind::Answer, String::new()));
    }

    #[test]
    fn a_kernel_that_refuses_or_stops_answers_why() {
        assert_eq!(
            asked(Kind::Task, b"no"),
            (Kind::Failure, "no means no".to_owned())
        );
        assert_eq!(
            asked(Kind::Task, b"stop"),
            (Kind::Failure, "it stopped: at 4 bytes".to_owned())
        );
    }

    /// The answer bears the version of this executor, by which the client knows.
    #[test]
    fn a_task_of_another_version_is_not_begun() {
        let task = frame::write_as("0.0.9", Kind::Task, STAMP, b"abc");
        let bytes = answer(KERNEL, &task).unwrap();
        let frame = frame::read(&bytes).unwrap();
        assert_eq!((frame.kind, frame.version), (Kind::Failure, frame::VERSION));
        assert_eq!(frame.payload, b"it was sent by version 0.0.9");
    }

    #[test]
    fn bytes_that_changed_on_the_way_are_an_error() {
        let mut task = frame::write(Kind::Task, STAMP, b"abc");
        task[40] ^= 1;
        assert!(answer(KERNEL, &task).is_err());
    }
}
