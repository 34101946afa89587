// The load generator, a process of its own. Takes a load as JSON and prints autocannon's result as JSON.
import autocannon from 'autocannon';

const load = JSON.parse(process.argv[2] ?? '{}');
const { url, method = 'GET', headers = {}, body, connections, seconds, requests = [] } = load;
let client = 0;

const result = await autocannon({
  url,
  method,
  headers,
  body,
  connections,
  duration: seconds,
  // each connection gets its share of the requests, so that no two of them act for the same user at the same time
  setupClient: connection => {
    const own = client++ % connections;
    const share = requests.filter((_request, index) => index % connections === own);
    if (share.length === 0) return;
    connection.setRequests(
      share.map(request => ({ method, ...request, headers: { ...headers, ...request.headers } })),
    );
  },
});
console.log(JSON.stringify(result));
