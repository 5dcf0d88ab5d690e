;; Edits the sample project in a real Emacs, set up as the guide says, and prints what it sees.
;;   emacs --batch -Q -l emacs.el <snippet.el> <folder>
(require 'eglot)
(require 'flymake)
(require 'xref)
(defvar snippet (pop command-line-args-left))
(defvar folder (file-name-as-directory (pop command-line-args-left)))
(load snippet nil t t)
(setq eglot-sync-connect 30 eglot-send-changes-idle-time 0.05 eglot-autoshutdown nil
      create-lockfiles nil make-backup-files nil)

(defun say (format &rest parts)
  (princ (concat (apply #'format format parts) "\n")))

(defun texts (buffer)
  (with-current-buffer buffer (mapconcat #'flymake-diagnostic-text (flymake-diagnostics) "\n")))

(defun await (what condition)
  (let ((until (+ (float-time) 30)))
    (while (and (not (funcall condition)) (< (float-time) until))
      (accept-process-output nil 0.05)
      (dolist (buffer (buffer-list))
        (with-current-buffer buffer
          (when (bound-and-true-p eglot--managed-mode)
            (eglot--signal-textDocument/didChange)))))
    (unless (funcall condition)
      (say "timeout: %s" what)
      (kill-emacs 1))))

(defun open (path)
  (let ((buffer (find-file-noselect (concat folder path))))
    (with-current-buffer buffer
      (unless (bound-and-true-p eglot--managed-mode)
        (apply #'eglot (eglot--guess-contact)))
      (flymake-mode 1)
      (flymake-start))
    buffer))

(let* ((index (open "src/index.js")) config)
  (await "findings" (lambda () (string-match-p "promise" (texts index))))
  (with-current-buffer index
    (say "emacs %s encoding %s" emacs-version
         (or (plist-get (eglot--capabilities (eglot-current-server)) :positionEncoding) "utf-16")))
  (say "index.js: %s" (texts index))
  (setq config (open "wrangler.json"))
  (with-current-buffer config
    (goto-char (point-min))
    (search-forward "\"STORE\"")
    (replace-match "\"SHOP\""))
  (await "findings of an unsaved configuration"
         (lambda () (string-match-p "binding-not-declared" (texts index))))
  (say "index.js with an unsaved configuration: %s" (texts index))
  (with-current-buffer config
    (goto-char (point-min))
    (search-forward "\"SHOP\"")
    (replace-match "\"STORE\""))
  (await "findings as they were"
         (lambda () (string-match-p "floating-promise" (texts index))))
  (with-current-buffer index
    (goto-char (point-min))
    (search-forward "env.ROOM")
    (backward-char 2)
    (let* ((params (eglot--TextDocumentPositionParams))
           (hover (jsonrpc-request (eglot-current-server) :textDocument/hover params))
           (value (plist-get (plist-get hover :contents) :value)))
      (say "hover: %s" (car (split-string value "\n"))))
    (let ((found (car (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))))
      (say "definition: %s %s"
           (file-name-nondirectory (xref-location-group (xref-item-location found)))
           (xref-location-line (xref-item-location found))))
    (goto-char (point-min))
    (search-forward "env.STORE.put")
    (let ((actions (eglot-code-actions (match-beginning 0) (match-end 0) "quickfix")))
      (dolist (action actions) (say "action: %s" (plist-get action :title)))
      (eglot-execute (eglot-current-server) (car actions)))
    (await "no finding after the fix" (lambda () (null (flymake-diagnostics))))
    (goto-char (point-min))
    (search-forward "env.STORE.put")
    (say "fixed: %s" (string-trim (thing-at-point 'line t)))
    (eglot-shutdown (eglot-current-server)))
  (say "done"))
