//! One attempt: a job that carries task frames to the cluster and brings answer frames back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ballista_core::client::BallistaClient;
use ballista_core::config::{
    BALLISTA_ADAPTIVE_PLANNER_ENABLED, BALLISTA_JOB_NAME,
    BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK,
};
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::execute_query_result::Result as Accepted;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair,
    PartitionLocation, RemoveSessionParams,
};
use ballista_core::version::insert_version_header;
use datafusion::arrow::array::{BinaryArray, RecordBatch, cast::AsArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::DataFusionError;
use datafusion::physical_expr::ScalarFunctionExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;
use uuid::Uuid;

use crate::address::Address;
use crate::connection::Connection;
use crate::function::function;
use crate::scheduler::MESSAGE_BYTES;
use crate::{Error, NamedKernel};

/// How often the scheduler is asked how a job is doing.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// A job the scheduler does not know after so long was lost with an earlier scheduler.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Answers of one job fetched at once.
const FETCHED_AT_ONCE: usize = 4;

/// How often the scheduler is asked whether it has executors.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody is at the scheduler's address.
    Unreachable(String),
    /// The scheduler has had no executor for too long.
    NoExecutors(String),
    /// Something on the way; another attempt may succeed.
    Failed(String),
    /// No attempt will succeed.
    Never(Error),
}

/// What carries jobs to one cluster.
pub struct Carrier {
    pub scheduler: Address,
    pub kernel: NamedKernel,
    /// How long a job waits while the cluster has no executor at all.
    pub without_executors: Duration,
    leaving: Leaving,
}

/// Jobs being cancelled in the background.
type Leaving = Arc<Mutex<Vec<JoinHandle<()>>>>;

impl Carrier {
    pub fn new(scheduler: Address, kernel: NamedKernel, without_executors: Duration) -> Carrier {
        Carrier {
            scheduler,
            kernel,
            without_executors,
            leaving: Leaving::default(),
        }
    }

    /// Sends task frames as one job, a task for each, and calls `take` with each answer frame, in any order. Dropped
    /// before the end, the job is cancelled.
    pub async fn attempt(
        &self,
        frames: &[&[u8]],
        mut take: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let plan = plan(self.kernel, frames).map_err(|e| self.refused(e))?;
        let opened = Connection::open(&self.scheduler).await;
        let job = self
            .submit(opened.map_err(Trouble::Unreachable)?, plan)
            .await?;
        let places = job.places(self.without_executors).await?;
        let mut answers = stream::iter(places)
            .map(|place| fetch(&self.scheduler, place))
            .buffer_unordered(FETCHED_AT_ONCE);
        while let Some(batches) = answers.next().await {
            for batch in batches? {
                let column = batch
                    .columns()
                    .first()
                    .and_then(|c| c.as_binary_opt::<i32>());
                let column = column.ok_or_else(|| failed("the answers are not bytes"))?;
                for answer in column.iter().flatten() {
                    take(answer)?;
                }
            }
        }
        job.end().await;
        Ok(())
    }

    async fn submit(&self, connection: Connection, plan: Vec<u8>) -> Result<Job, Trouble> {
        let session = Uuid::now_v7().to_string();
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(plan)),
            settings: settings(self.kernel.name),
            session_id: session.clone(),
            operation_id: Uuid::now_v7().to_string(),
        });
        insert_version_header(request.metadata_mut());
        let answer = connection.client().execute_query(request).await;
        let answer = answer.map_err(|e| match e.code() {
            Code::FailedPrecondition | Code::Unimplemented => self.refused(e.message()),
            _ => failed(e.message()),
        })?;
        match answer.into_inner().result {
            Some(Accepted::Success(accepted)) => Ok(Job {
                leaving: self.leaving.clone(),
                connection,
                id: accepted.job_id,
                session,
                ended: false,
            }),
            Some(Accepted::Failure(failure)) => Err(self.refused(format!("{failure:?}"))),
            None => Err(failed("the scheduler answered nothing")),
        }
    }

    fn refused(&self, why: impl ToString) -> Trouble {
        Trouble::Never(Error::Refused {
            address: self.scheduler.to_string(),
            why: why.to_string(),
        })
    }

    /// Waits until every job given up so far was cancelled, or its scheduler did not answer for a while.
    pub async fn left(&self) {
        let all = std::mem::take(&mut *self.leaving.lock().unwrap_or_else(PoisonError::into_inner));
        futures_util::future::join_all(all).await;
    }
}

fn failed(why: impl ToString) -> Trouble {
    Trouble::Failed(why.to_string())
}

/// The plan of a job, encoded: the kernel over a table in memory, one row and one partition a task.
///
/// A ready physical plan, because the scheduler gives each task only its own partition of such a table. So every
/// task's bytes travel once to the scheduler and once to its executor, and no folder need be shared.
fn plan(kernel: NamedKernel, frames: &[&[u8]]) -> Result<Vec<u8>, DataFusionError> {
    let schema = Arc::new(Schema::new(vec![Field::new(
        "task",
        DataType::Binary,
        false,
    )]));
    let mut partitions = Vec::with_capacity(frames.len());
    for frame in frames {
        let column = BinaryArray::from_iter_values([frame]);
        partitions.push(vec![RecordBatch::try_new(
            schema.clone(),
            vec![Arc::new(column)],
        )?]);
    }
    let table = MemorySourceConfig::try_new_exec(&partitions, schema.clone(), None)?;
    let call = ScalarFunctionExpr::try_new(
        function(kernel),
        vec![Arc::new(Column::new("task", 0))],
        &schema,
        Arc::new(ConfigOptions::default()),
    )?;
    let answers = ProjectionExec::try_new([(Arc::new(call) as _, "answer".to_owned())], table)?;
    let codec = BallistaPhysicalExtensionCodec::default();
    let node = PhysicalPlanNode::try_from_physical_plan(Arc::new(answers), &codec)?;
    let mut bytes = Vec::new();
    node.try_encode(&mut bytes)?;
    Ok(bytes)
}

/// A job the scheduler accepted. Until it has ended well, dropping it cancels it.
struct Job {
    leaving: Leaving,
    connection: Connection,
    id: String,
    session: String,
    ended: bool,
}

impl Job {
    /// Waits for the end of the job, and answers where its results are.
    async fn places(&self, without_executors: Duration) -> Result<Vec<PartitionLocation>, Trouble> {
        let mut client = self.connection.client();
        let mut unknown_since: Option<Instant> = None;
        let (mut seen, mut looked) = (Instant::now(), Instant::now());
        loop {
            let job_id = self.id.clone();
            let answer = client.get_job_status(GetJobStatusParams { job_id }).await;
            let status = answer.map_err(|e| failed(e.message()))?.into_inner().status;
            match status.and_then(|s| s.status) {
                Some(Status::Successful(job)) => return Ok(job.partition_location),
                Some(Status::Failed(job)) => return Err(failed(job.error)),
                Some(Status::Queued(_) | Status::Running(_)) => unknown_since = None,
                None => {
                    let since = *unknown_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > UNKNOWN_FOR {
                        return Err(failed("the scheduler knows nothing of the job any more"));
                    }
                }
            }
            if looked.elapsed() > LOOK_EVERY {
                looked = Instant::now();
                if self.connection.has_executors().await.map_err(failed)? {
                    seen = looked;
                }
            }
            if seen.elapsed() > without_executors {
                let seconds = without_executors.as_secs();
                let why = format!("none was connected for {seconds} s");
                return Err(Trouble::NoExecutors(why));
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// Has the answers removed from the executors now, rather than minutes later: they are about people. A failure
    /// leaves them to that later time.
    async fn end(mut self) {
        self.ended = true;
        let (job_id, session_id) = (self.id.clone(), self.session.clone());
        let mut client = self.connection.client();
        let clean = CleanJobDataParams {
            job_id,
            remove_stage_ids: Vec::new(),
        };
        if let Err(error) = client.clean_job_data(clean).await {
            tracing::debug!(%error, "answers stay on the executors for some minutes");
        }
        let _ = client
            .remove_session(RemoveSessionParams { session_id })
            .await;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if self.ended {
            return;
        }
        let (job_id, session_id) = (self.id.clone(), self.session.clone());
        let mut client = self.connection.client();
        let cancelling = runtime.spawn(async move {
            let asked = async {
                // A scheduler that does not answer is gone, and has forgotten the job.
                let _ = client.cancel_job(CancelJobParams { job_id }).await;
                let _ = client
                    .remove_session(RemoveSessionParams { session_id })
                    .await;
            };
            let _ = timeout(Duration::from_secs(5), asked).await;
        });
        let mut all = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| !other.is_finished());
        all.push(cancelling);
    }
}

/// The session's settings that matter here.
fn settings(name: &str) -> Vec<KeyValuePair> {
    let pair = |key: &str, value: &str| KeyValuePair {
        key: key.to_owned(),
        value: Some(value.to_owned()),
    };
    vec![
        pair(BALLISTA_JOB_NAME, name),
        // With it, a job hangs after the loss of an executor.
        pair(BALLISTA_ADAPTIVE_PLANNER_ENABLED, "false"),
        // Otherwise the first executor to ask takes as many tasks as it has slots, as one.
        pair(BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, "1"),
    ]
}

/// Fetches one result, through the scheduler.
async fn fetch(scheduler: &Address, place: PartitionLocation) -> Result<Vec<RecordBatch>, Trouble> {
    let layout = place.layout();
    let (Some(executor), Some(partition)) = (place.executor_meta, place.partition_id) else {
        return Err(failed("the scheduler did not say where an answer is"));
    };
    let (retries, pause_ms) = (2, 500);
    let most = MESSAGE_BYTES as usize;
    let host = &scheduler.host;
    let mut client = BallistaClient::try_new(
        host,
        scheduler.port,
        most,
        false,
        None,
        retries,
        pause_ms,
        0,
        0,
    )
    .await
    .map_err(failed)?;
    let port = u16::try_from(executor.port).map_err(failed)?;
    let (id, host) = (&executor.id, &executor.host);
    let partition = partition.into();
    let batches = client
        .fetch_partition_proxied(id, &partition, place.file_id, layout, host, port, true)
        .await
        .map_err(failed)?;
    batches.try_collect().await.map_err(failed)
}
