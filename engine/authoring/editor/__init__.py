"""What an editor asks of a pack as it is typed. In: texts and places in them. Out: answers.

Nothing here knows of files that are saved, of servers or of protocols: `api.editor` hands it out.
"""
