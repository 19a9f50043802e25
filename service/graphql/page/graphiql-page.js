/* Shows the editor. The session's cookie says who asks. */
const { React, ReactDOM, GraphiQL } = globalThis;
const fetcher = GraphiQL.createFetcher({ url: '/graphql' });
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, { fetcher, isHeadersEditorEnabled: false, shouldPersistHeaders: false }),
);
