/** Records and requests by which both catalogs are compared; see `drop_in_test.ts`. */

/**
 * Records in JSON. Each is sent from an address of its own, so that names differ, and a listing has the
 * order of the names.
 */
export const RECORDS: readonly string[] = [
  String
    .raw`{"type":"hashtable","project":"a","port":1,"n":9223372036854775807,"d":1.0,"e":0.1,"f":1e20,"g":1e-5,"h":1e-4,"i":-0,"j":-0.0,"s":"it \"q\" \\ \/ ","o":{"a":[1,2.50,null,true],"2":1},"arr":[ 1 , 2 ], "uuid":"u1","third":0.30000000000000004,"t":true,"nul":null,"m":-5,"str":["a","b"],"path":"/usr/lib/x.txt","objs":[{"k":1,"v":"p"},{"k":2,"v":"q"}]}`,
  String
    .raw`{"type":"chirp","port":9094,"name":"claimed.example","total":123456789012,"avail":1.5E+3,"load5":0.07,"owner":"fred"}`,
  String
    .raw`{"type":"wq_master","project":"a","port":0,"workers":[],"network_interfaces":[{"host":"10.0.0.1","family":"AF_INET"}],"empty":{},"priority":-1.25}`,
  String.raw`{ "port" : 5 , "lifetime" : 3600 , "x" : "<b>&amp;" } `,
  String.raw`{}`,
  String
    .raw`{"port":"80","version":"7.3.0","tasks":12345678.125,"small":-2.5e-300,"big":1.7976931348623157e308,"sixteen":1234567890123456.7}`,
];

/** Requests with the same reply, byte for byte. */
export const REQUESTS: readonly string[] = [
  "GET /query.json HTTP/1.0\r\n\r\n",
  "GET /query.json HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\n\r\n",
  "get /query.json HTTP/1.1\r\n\r\n",
  "Get /query.text HTTP/1.1\n\n",
  "GET /query.text HTTP/9\r\r\n\r\n",
  "POST /query.json HTTP/1.1\r\n\r\n",
  "DELETE /query.text HTTP/1.1\r\n\r\n",
  "x /query.json y\n\n",
  "  GET \t /query.json   HTTP/1.1 and more  \r\n\r\n",
  "GET\u000b/query.json\fHTTP/1.1\r\n\r\n",
  "G\rET /query.j\rson HTTP/1.1\r\n\r\n",
  "GET http://h/query.json HTTP/1.1\r\n\r\n",
  "GET http://h:9097/query.text HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ== HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ==/more HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ==more HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1Z HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ= HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ=x HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1Z=Q= HTTP/1.1\r\n\r\n",
  "GET /query/dHJ1ZQ%3D%3D HTTP/1.1\r\n\r\n",
  "GET /query/@@@@ HTTP/1.1\r\n\r\n",
  "GET /query/==== HTTP/1.1\r\n\r\n",
  "GET http://h/query/dHJ1ZQ== HTTP/1.1\r\n\r\n",
];

/** Requests for unknown paths: replies differ only in the headers that forbid scripts. */
export const NOT_FOUND: readonly string[] = [
  "GET /nothing HTTP/1.1\r\n\r\n",
  "GET /query.json?x HTTP/1.1\r\n\r\n",
  "GET /query%2ejson HTTP/1.1\r\n\r\n",
  "GET /QUERY.JSON HTTP/1.1\r\n\r\n",
  "GET /query/ HTTP/1.1\r\n\r\n",
  "GET http://h HTTP/1.1\r\n\r\n",
  "GET HTTP://h/query.json HTTP/1.1\r\n\r\n",
  "GET http:///query.json HTTP/1.1\r\n\r\n",
  "GET //query.json HTTP/1.1\r\n\r\n",
  "GET * HTTP/1.1\r\n\r\n",
  "GET /a&b\"c' HTTP/1.1\r\n\r\n",
  `GET /${"a".repeat(2_000)} HTTP/1.1\r\n\r\n`,
];
