"""The doors (入口): HTTP gateway and file importer; both end in `Log.submit`."""
