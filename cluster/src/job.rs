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
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair,
    PartitionLocation, RemoveSessionParams,
};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
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
use tokio::time::{Instant, sleep};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::NamedKernel;
use crate::address::Address;
use crate::function::function;
use crate::scheduler::MESSAGE_BYTES;

/// How often the scheduler is asked how a job is doing.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// A job the scheduler does not know after so long was lost with an earlier scheduler.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

/// Answers of one job fetched at once.
const FETCHED_AT_ONCE: usize = 4;

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody is at the address.
    Unreachable(String),
    /// The scheduler understood the job and would not have it.
    Refused(String),
    /// Something on the way; another attempt may succeed.
    Failed(String),
}

/// Jobs being cancelled in the background.
#[derive(Clone, Default)]
pub struct Leaving(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Leaving {
    fn hold(&self, cancelling: JoinHandle<()>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| !other.is_finished());
        all.push(cancelling);
    }

    /// Waits until every job dropped so far was cancelled, or its scheduler did not answer for a while.
    pub async fn left(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        futures_util::future::join_all(all).await;
    }
}

/// Sends task frames as one job, a task for each, and calls `take` with each answer frame, in any order. Dropped
/// before the end, the job is cancelled; `leaving` knows when.
pub async fn attempt(
    leaving: &Leaving,
    scheduler: &Address,
    kernel: NamedKernel,
    frames: &[&[u8]],
    mut take: impl FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let plan = plan(kernel, frames).map_err(|e| Trouble::Refused(e.to_string()))?;
    let client = connect(scheduler).await?;
    let job = Job::submit(leaving.clone(), client, kernel.name, plan).await?;
    let places = job.places().await?;
    let mut answers = stream::iter(places)
        .map(|place| fetch(scheduler, place))
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

/// Whether anybody is at the address; the error says why not.
pub async fn reach(scheduler: &Address) -> Result<(), String> {
    match connect(scheduler).await {
        Ok(_) => Ok(()),
        Err(Trouble::Unreachable(why) | Trouble::Refused(why) | Trouble::Failed(why)) => Err(why),
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

async fn connect(scheduler: &Address) -> Result<SchedulerGrpcClient<Channel>, Trouble> {
    let settings = GrpcClientConfig {
        connect_timeout_seconds: 5,
        // A slice of many megabytes over a slow line is one request. The slice's own deadline is shorter.
        timeout_seconds: 24 * 3600,
        tcp_keepalive_seconds: 30,
        http2_keepalive_interval_seconds: 20,
        ..GrpcClientConfig::default()
    };
    let unreachable = |e: &dyn std::error::Error| Trouble::Unreachable(root(e));
    let endpoint = create_grpc_client_endpoint(scheduler.url(), Some(&settings))
        .map_err(|e| Trouble::Unreachable(e.to_string()))?;
    let channel = endpoint.connect().await.map_err(|e| unreachable(&e))?;
    let most = MESSAGE_BYTES as usize;
    Ok(SchedulerGrpcClient::new(channel)
        .max_encoding_message_size(most)
        .max_decoding_message_size(most))
}

/// What an error comes down to: "connection refused" rather than "transport error".
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A job the scheduler accepted. Until it has ended well, dropping it cancels it.
struct Job {
    leaving: Leaving,
    client: SchedulerGrpcClient<Channel>,
    id: String,
    session: String,
    ended: bool,
}

impl Job {
    async fn submit(
        leaving: Leaving,
        mut client: SchedulerGrpcClient<Channel>,
        name: &str,
        plan: Vec<u8>,
    ) -> Result<Job, Trouble> {
        let session = Uuid::now_v7().to_string();
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(plan)),
            settings: settings(name),
            session_id: session.clone(),
            operation_id: Uuid::now_v7().to_string(),
        });
        insert_version_header(request.metadata_mut());
        let answer = client
            .execute_query(request)
            .await
            .map_err(|e| match e.code() {
                tonic::Code::FailedPrecondition | tonic::Code::Unimplemented => {
                    Trouble::Refused(e.message().to_owned())
                }
                _ => failed(e.message()),
            })?;
        match answer.into_inner().result {
            Some(Accepted::Success(accepted)) => Ok(Job {
                leaving,
                client,
                id: accepted.job_id,
                session,
                ended: false,
            }),
            Some(Accepted::Failure(failure)) => Err(Trouble::Refused(format!("{failure:?}"))),
            None => Err(failed("the scheduler answered nothing")),
        }
    }

    /// Waits for the end of the job, and answers where its results are.
    async fn places(&self) -> Result<Vec<PartitionLocation>, Trouble> {
        let mut client = self.client.clone();
        let mut unknown_since: Option<Instant> = None;
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
            sleep(ASK_EVERY).await;
        }
    }

    /// Has the answers removed from the executors now, rather than minutes later: they are about people. A failure
    /// leaves them to that later time.
    async fn end(mut self) {
        self.ended = true;
        let (job_id, session_id) = (self.id.clone(), self.session.clone());
        let clean = CleanJobDataParams {
            job_id,
            remove_stage_ids: Vec::new(),
        };
        if let Err(error) = self.client.clean_job_data(clean).await {
            tracing::debug!(%error, "answers stay on the executors for some minutes");
        }
        let _ = self
            .client
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
        let (job_id, session_id) = (
            std::mem::take(&mut self.id),
            std::mem::take(&mut self.session),
        );
        let mut client = self.client.clone();
        let cancelling = runtime.spawn(async move {
            let asked = async {
                // Nobody waits for these: a scheduler that is gone has forgotten the job anyhow.
                let _ = client.cancel_job(CancelJobParams { job_id }).await;
                let _ = client
                    .remove_session(RemoveSessionParams { session_id })
                    .await;
            };
            let _ = tokio::time::timeout(Duration::from_secs(5), asked).await;
        });
        self.leaving.hold(cancelling);
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
